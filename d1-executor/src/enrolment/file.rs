//! A small file that is private to its owner, read with suspicion and replaced whole.

use super::EnrolledError;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

/// The most bytes of one: a dozen certificates.
const MAX: u64 = 256 * 1024;

/// Reads a file that only its owner may read; nothing when there is none.
pub(super) fn read_private(path: &Path) -> Result<Option<String>, EnrolledError> {
    let failed = |source| EnrolledError::Io { doing: "read", path: path.to_owned(), source };
    // A link could lead to a file that somebody else put there.
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let about = file.metadata().map_err(failed)?;
    let own = about.uid() == rustix::process::geteuid().as_raw();
    if !about.is_file() || !own || about.mode() & 0o077 != 0 {
        return Err(EnrolledError::NotPrivate { path: path.to_owned() });
    }
    let mut text = String::new();
    file.take(MAX).read_to_string(&mut text).map_err(failed)?;
    Ok(Some(text))
}

/// Replaces a file, whole or not at all; on the disk when it returns.
pub(super) fn replace(path: &Path, text: &str, mode: u32) -> Result<(), EnrolledError> {
    let write = || {
        let mut name = path.as_os_str().to_owned();
        name.push(".new");
        let temporary = Path::new(&name);
        match fs::remove_file(temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        // Made new, so that nobody has it open, or has a say in who may read it.
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(mode).open(temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(temporary, path)?;
        match path.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    };
    write().map_err(|source| EnrolledError::Io { doing: "write", path: path.to_owned(), source })
}
