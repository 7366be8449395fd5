//! The folder: what is in it, and how one process at a time writes there.

use d1_core::{AuditError, SignedHead};
use std::{
    error::Error,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// The folder of a log.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// The folder of this path, made private to its owner when it is not there.
    pub(super) fn make(path: &Path) -> Result<Self, AuditError> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(failed("make its folder"))?;
        Ok(Self(path.to_owned()))
    }

    /// The folder of this path, as it is.
    pub(super) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Waits until nobody else writes. It is let go when the file is dropped, also by a crash.
    pub(super) fn lock(&self) -> Result<File, AuditError> {
        let open =
            private().read(true).write(true).create(true).truncate(false).open(self.file("lock"));
        let file = open.map_err(failed("open its lock"))?;
        file.lock().map_err(failed("take its lock"))?;
        Ok(file)
    }

    /// Lets nobody write while it is read; nothing when there is nobody who could.
    pub(super) fn lock_shared(&self) -> Result<Option<File>, AuditError> {
        match File::open(self.file("lock")) {
            Ok(file) => {
                file.lock_shared().map_err(failed("take its lock"))?;
                Ok(Some(file))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("open its lock")(error)),
        }
    }

    /// The numbers of the files with lines, oldest first.
    pub(super) fn segments(&self) -> Result<Vec<u64>, AuditError> {
        let number = |entry: fs::DirEntry| {
            let name = entry.file_name();
            name.to_str()?.strip_suffix(".jsonl")?.parse::<u64>().ok()
        };
        let read = fs::read_dir(&self.0).and_then(|entries| {
            let entries: io::Result<Vec<_>> = entries.collect();
            Ok(entries?.into_iter().filter_map(number).collect::<Vec<_>>())
        });
        let mut numbers = read.map_err(failed("list its files"))?;
        numbers.sort_unstable();
        Ok(numbers)
    }

    pub(super) fn segment(&self, number: u64) -> PathBuf {
        self.file(&format!("{number:08}.jsonl"))
    }

    /// The newest head that was signed; none in a new folder.
    pub(super) fn head(&self) -> Result<Option<SignedHead>, AuditError> {
        match fs::read_to_string(self.file("head")) {
            Ok(text) => {
                let what =
                    || AuditError::Changed { what: "its file `head` holds no head".to_owned() };
                SignedHead::from_text(&text).map(Some).ok_or_else(what)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read its head")(error)),
        }
    }

    /// Writes a small file whole or not at all, private to its owner.
    pub(super) fn put(&self, name: &str, text: &str) -> Result<(), AuditError> {
        let (temporary, path) = (self.file(&format!("{name}.new")), self.file(name));
        let write = || {
            let mut file = private().write(true).create(true).truncate(true).open(&temporary)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&temporary, &path)?;
            self.sync()
        };
        write().map_err(failed("write a file of it"))
    }

    /// Makes what was added, renamed or removed last.
    #[cfg(unix)]
    pub(super) fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }

    #[cfg(not(unix))]
    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// How files are opened that are private to their owner.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The error of something that failed.
pub(super) fn failed<E: Into<Box<dyn Error + Send + Sync>>>(
    doing: &'static str,
) -> impl FnOnce(E) -> AuditError {
    move |error| AuditError::Backend { doing, source: error.into() }
}
