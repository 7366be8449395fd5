//! Room that is kept for the ends of what began: on a full disk nothing begins, and what runs
//! already can still be written down when it ends.

use super::folder::{Folder, failed};
use d1_core::AuditError;
use std::{fs, io};

/// The name of the file that takes the room.
const FILE: &str = "reserve";
/// How much room is kept, in bytes: for the ends of everything that may run at once, many times.
const BYTES: usize = 64 * 1024;

/// Sees that the room is kept.
pub(super) fn keep(folder: &Folder) -> Result<(), AuditError> {
    let kept = fs::metadata(folder.file(FILE)).map(|file| file.len());
    if kept.is_ok_and(|bytes| bytes >= BYTES as u64) {
        return Ok(());
    }
    let kept = folder.put(FILE, &" ".repeat(BYTES));
    kept.map_err(|error| {
        let AuditError::Backend { source, .. } = error else { return error };
        failed("keep room for the end of what begins")(source)
    })
}

/// Gives the room away; false when there was none.
pub(super) fn give(folder: &Folder) -> Result<bool, AuditError> {
    match fs::remove_file(folder.file(FILE)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed("use the room that was kept")(error)),
    }
}
