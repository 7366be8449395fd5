//! The key's file: made once, on first start, and never made again beside a log that has begun.

use super::folder::{Folder, failed};
use d1_core::{AuditError, AuditKey};
use std::{fs, io};

/// The name of its file.
const FILE: &str = "key";

/// The key of the log in this folder; a fresh one when the log has not begun.
pub(super) fn of(folder: &Folder, has_begun: bool) -> Result<AuditKey, AuditError> {
    match read(folder)? {
        Some(key) => Ok(key),
        None if has_begun => Err(missing(folder)),
        None => {
            let key = AuditKey::generate()?;
            folder.put(FILE, &(hex(&key.seed()) + "\n"))?;
            Ok(key)
        }
    }
}

/// The key that is there.
pub(super) fn read(folder: &Folder) -> Result<Option<AuditKey>, AuditError> {
    let path = folder.file(FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read its key")(error)),
    };
    is_private(&path)?;
    let seed = unhex(text.trim());
    let key = seed.map(|seed| AuditKey::from_seed(&seed));
    key.map(Some).ok_or_else(|| failed("use its key")(format!("`{}` holds none", path.display())))
}

pub(super) fn missing(folder: &Folder) -> AuditError {
    AuditError::NoKey(folder.file(FILE).display().to_string())
}

#[cfg(unix)]
fn is_private(path: &std::path::Path) -> Result<(), AuditError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).map_err(failed("read its key"))?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let why = format!("others may read `{}`; if nobody has: chmod 600 it", path.display());
    Err(failed("trust its key")(why))
}

#[cfg(not(unix))]
fn is_private(_path: &std::path::Path) -> Result<(), AuditError> {
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}
