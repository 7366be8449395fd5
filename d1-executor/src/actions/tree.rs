//! Files by their place below a root, never through a link: a link that somebody swaps in
//! cannot lead a write of the administrator elsewhere.

use d1_core::{AbsolutePath, Digest, State};
use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, RawMode, Uid, fchmod, fchown, fsync, mkdirat,
    openat, readlinkat, renameat, statat, unlinkat,
};
use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

/// The most bytes of a file that is read, saved or extended.
pub(crate) const MAX_FILE: u64 = 16 * 1024 * 1024;

/// A file's folder, held open, and its name in it.
pub(crate) struct Place {
    folder: OwnedFd,
    name: String,
}

/// What is at a place.
pub(crate) struct Found {
    /// How it is.
    pub(crate) state: State,
    /// Its content, when it is a regular file.
    pub(crate) content: Option<Vec<u8>>,
}

/// The path on the machine that `path` means.
pub(crate) fn resolve(root: &Path, home: &Path, path: &AbsolutePath) -> PathBuf {
    match path.as_str().strip_prefix("~/") {
        Some(rest) => home.join(rest),
        None => root.join(path.as_str().trim_start_matches('/')),
    }
}

impl Place {
    /// Opens the folder of `path` step by step, following no link on the way.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?.to_owned();
        let parent = path.parent().unwrap_or(Path::new("/"));
        Ok(Self { folder: open_folder(parent)?, name })
    }

    /// What is there; links are told, not followed.
    pub(crate) fn look(&self) -> io::Result<Found> {
        let stat = match statat(&self.folder, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(rustix::io::Errno::NOENT) => {
                return Ok(Found { state: State::Absent, content: None });
            }
            Err(error) => return Err(error.into()),
        };
        let mode = bits(stat.st_mode);
        let state = |state| Ok(Found { state, content: None });
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => state(State::Directory { mode }),
            FileType::Symlink => {
                let target = readlinkat(&self.folder, &self.name, Vec::new())?;
                state(State::Link { target: target.to_string_lossy().into_owned() })
            }
            FileType::RegularFile => {
                let content = self.read()?;
                let digest = Digest::of(&content);
                let state = State::File { digest, mode, uid: stat.st_uid, gid: stat.st_gid };
                Ok(Found { state, content: Some(content) })
            }
            FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a device or a pipe"))
            }
        }
    }

    /// The permission bits of the file or folder that is there; `None` for a link, and when
    /// nothing is there.
    pub(crate) fn mode(&self) -> io::Result<Option<u32>> {
        let stat = match statat(&self.folder, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let is_link = FileType::from_raw_mode(stat.st_mode) == FileType::Symlink;
        Ok((!is_link).then_some(bits(stat.st_mode)))
    }

    /// Sets the permission bits of the file or folder that is there.
    #[cfg(target_os = "linux")]
    pub(crate) fn set_mode(&self, mode: u32) -> io::Result<()> {
        use std::os::fd::AsRawFd as _;
        // Named and not opened, so that what may not be read can be changed, too; and held, so
        // that no link takes its place before it is changed.
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let held = openat(&self.folder, &self.name, flags, Mode::empty())?;
        if FileType::from_raw_mode(rustix::fs::fstat(&held)?.st_mode) == FileType::Symlink {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a link"));
        }
        let by_number = format!("/proc/self/fd/{}", held.as_raw_fd());
        rustix::fs::chmod(by_number.as_str(), mode_of(mode))?;
        Ok(fsync(&self.folder)?)
    }

    /// Sets the permission bits of the file or folder that is there.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn set_mode(&self, mode: u32) -> io::Result<()> {
        if self.mode()?.is_none() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a link, or nothing"));
        }
        // A link that takes its place now is changed itself, and not what it leads to.
        let on_itself = AtFlags::SYMLINK_NOFOLLOW;
        rustix::fs::chmodat(&self.folder, &self.name, mode_of(mode), on_itself)?;
        Ok(fsync(&self.folder)?)
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = File::from(openat(&self.folder, &self.name, flags, Mode::empty())?);
        let mut content = Vec::new();
        file.take(MAX_FILE + 1).read_to_end(&mut content)?;
        if content.len() as u64 > MAX_FILE {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 16 MiB"));
        }
        Ok(content)
    }

    /// Puts `content` there at once: a reader sees the old file or the new one, and so does
    /// whoever looks after a crash.
    pub(crate) fn replace(
        &self,
        content: &[u8],
        mode: u32,
        owner: Option<(u32, u32)>,
    ) -> io::Result<()> {
        let temporary = format!(".d1-{}", uuid());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = openat(&self.folder, &temporary, flags, Mode::RUSR | Mode::WUSR)?;
        let write = || {
            let mut file = File::from(file);
            file.write_all(content)?;
            if let Some((uid, gid)) = owner {
                fchown(&file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
            }
            fchmod(&file, mode_of(mode))?;
            file.sync_all()?;
            renameat(&self.folder, &temporary, &self.folder, &self.name)?;
            Ok::<(), io::Error>(())
        };
        let written = write();
        if written.is_err() {
            // It may be gone already; the first error is the one to tell.
            let _gone = unlinkat(&self.folder, &temporary, AtFlags::empty());
        }
        written?;
        Ok(fsync(&self.folder)?)
    }

    /// Removes the file or link, or the folder if it is empty.
    pub(crate) fn remove(&self, folder: bool) -> io::Result<()> {
        let flags = if folder { AtFlags::REMOVEDIR } else { AtFlags::empty() };
        unlinkat(&self.folder, &self.name, flags)?;
        Ok(fsync(&self.folder)?)
    }

    /// Puts a link there.
    pub(crate) fn link(&self, target: &str) -> io::Result<()> {
        rustix::fs::symlinkat(target, &self.folder, &self.name)?;
        Ok(fsync(&self.folder)?)
    }

    /// Makes a folder there.
    pub(crate) fn make_folder(&self, mode: u32) -> io::Result<()> {
        mkdirat(&self.folder, &self.name, mode_of(mode))?;
        Ok(fsync(&self.folder)?)
    }
}

/// Folders on the way are not read, where the system has a word for that.
#[cfg(target_os = "linux")]
const ON_THE_WAY: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const ON_THE_WAY: OFlags = OFlags::RDONLY;

/// The permission bits of a mode; what it is told in has another size on each system.
#[allow(clippy::useless_conversion, reason = "it is a shorter number elsewhere")]
fn bits(raw: RawMode) -> u32 {
    u32::from(raw) & 0o7777
}

#[allow(clippy::unnecessary_fallible_conversions, reason = "it is a shorter number elsewhere")]
#[allow(clippy::useless_conversion, reason = "it is a shorter number elsewhere")]
fn mode_of(bits: u32) -> Mode {
    Mode::from_raw_mode(RawMode::try_from(bits & 0o7777).unwrap_or(0))
}

fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    let flags = ON_THE_WAY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut at = openat(CWD, "/", flags, Mode::empty())?;
    for part in path.components() {
        if let std::path::Component::Normal(name) = part {
            at = openat(&at, name, flags | OFlags::NOFOLLOW, Mode::empty())?;
        }
    }
    // A handle that only names a folder cannot be synced; open it once more for that.
    Ok(openat(&at, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

fn uuid() -> String {
    d1_core::RequestId::generate().to_string()
}
