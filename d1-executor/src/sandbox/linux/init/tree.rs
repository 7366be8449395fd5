//! Mounts by descriptors: what was opened is what is mounted, whoever swaps a name meanwhile.

use crate::sandbox::linux::attr;
use rustix::{
    fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, mkdirat, openat2, statat},
    io::{Errno, Result},
    mount::{
        FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, fsconfig_create,
        fsconfig_set_string, fsmount, fsopen, move_mount, open_tree,
    },
};
use std::{
    os::fd::{AsFd as _, BorrowedFd, OwnedFd},
    path::Path,
};

/// A folder that becomes the root of everything.
pub(super) struct Root(pub(super) OwnedFd);

/// A file system in memory.
pub(super) fn memory(mode: &str, size: u64, flags: MountAttrFlags) -> Result<OwnedFd> {
    // A file costs memory, too: one for every four kilobytes there may be.
    let files = (size / 4096).max(64).to_string();
    let context = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(context.as_fd(), "mode", mode)?;
    fsconfig_set_string(context.as_fd(), "size", size.to_string())?;
    fsconfig_set_string(context.as_fd(), "nr_inodes", files)?;
    fsconfig_create(context.as_fd())?;
    fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, flags)
}

/// The processes of our namespace, as files.
pub(super) fn processes() -> Result<OwnedFd> {
    let context = fsopen("proc", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_create(context.as_fd())?;
    let flags = MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC
        | MountAttrFlags::MOUNT_ATTR_RDONLY;
    fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, flags)
}

/// Opens a path of the machine, refusing every symbolic link on the way.
pub(super) fn open_plain(path: &Path) -> Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    openat2(CWD, path, flags, Mode::empty(), resolve)
}

/// A copy of the mount at `place`, with what is mounted below it if `deep`.
pub(super) fn copy(place: BorrowedFd<'_>, deep: bool) -> Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_EMPTY_PATH;
    let deeper = if deep { OpenTreeFlags::AT_RECURSIVE } else { OpenTreeFlags::empty() };
    open_tree(place, "", flags | deeper)
}

/// Sets attributes of a mount; see [`attr::set`].
pub(super) fn set(
    tree: BorrowedFd<'_>,
    attributes: u64,
    deep: bool,
    lend: Option<BorrowedFd<'_>>,
) -> Result<()> {
    attr::set(tree, attributes, deep, lend)
        .map_err(|error| Errno::from_raw_os_error(error.raw_os_error().unwrap_or(libc::EIO)))
}

/// Mounts `tree` onto what `target` is.
pub(super) fn attach(tree: BorrowedFd<'_>, target: BorrowedFd<'_>) -> Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(tree, "", target, "", flags)
}

/// What kind of file it is.
pub(super) fn kind(of: BorrowedFd<'_>) -> Result<FileType> {
    let stat = statat(of, "", AtFlags::EMPTY_PATH)?;
    Ok(FileType::from_raw_mode(stat.st_mode))
}

impl Root {
    /// Opens a path below the root, through what is mounted there, following no link.
    pub(super) fn open(&self, path: &Path) -> Result<OwnedFd> {
        let flags = OFlags::PATH | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        openat2(&self.0, relative(path), flags, Mode::empty(), resolve)
    }

    /// The folder at `path`, made with those above it where they are missing.
    pub(super) fn folder(&self, path: &Path) -> Result<OwnedFd> {
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
            return self.open(path);
        };
        match self.open(path) {
            Err(Errno::NOENT) => {}
            there_or_in_the_way => return there_or_in_the_way,
        }
        match mkdirat(&self.folder(above)?, Path::new(name), Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST) => self.open(path),
            Err(error) => Err(error),
        }
    }

    /// The file at `path`, made empty with the folders above it where they are missing.
    pub(super) fn file(&self, path: &Path, mode: u32) -> Result<OwnedFd> {
        let parent = self.folder(path.parent().unwrap_or(Path::new("/")))?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let name = path.file_name().unwrap_or_default();
        rustix::fs::openat(&parent, name, flags, Mode::from_raw_mode(mode))
    }

    /// Mounts `tree` at `path`, on a folder or a file as it is one itself.
    pub(super) fn mount(&self, tree: BorrowedFd<'_>, path: &Path) -> Result<()> {
        if kind(tree)? == FileType::Directory {
            return attach(tree, self.folder(path)?.as_fd());
        }
        if self.open(path).is_err() {
            drop(self.file(path, 0o644)?);
        }
        attach(tree, self.open(path)?.as_fd())
    }
}

fn relative(path: &Path) -> &Path {
    match path.strip_prefix("/") {
        Ok(rest) if rest.as_os_str().is_empty() => Path::new("."),
        Ok(rest) => rest,
        Err(_) => path,
    }
}
