//! The files with lines: how large they grow, and when the oldest goes.

use super::folder::{Folder, failed};
use d1_core::{AuditEntry, AuditError, AuditKind, AuditLine, SignedHead};
use std::{fs, io::BufRead as _};

/// How large a log grows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The bytes of a file: when it is larger, the next one begins.
    pub(super) bytes: u64,
    /// How many files are kept.
    pub(super) files: usize,
}

impl Bounds {
    /// About a hundred thousand records.
    pub(super) const USUAL: Self = Self { bytes: 1024 * 1024, files: 64 };
}

/// Begins a file with this head, which is that of everything before it.
pub(super) fn begin(folder: &Folder, number: u64, head: &SignedHead) -> Result<u64, AuditError> {
    let line = head.to_text() + "\n";
    folder.put(&format!("{number:08}.jsonl"), &line)?;
    Ok(line.len() as u64)
}

/// What has to be said before the oldest files go, and which ones they are; nothing when there
/// are no more than may be.
pub(super) fn due(
    folder: &Folder,
    most: usize,
) -> Result<Option<(AuditEntry, Vec<u64>)>, AuditError> {
    let mut old = folder.segments()?;
    if old.len() <= most {
        return Ok(None);
    }
    let kept = old.split_off(old.len() - most);
    let Some(first) = kept.first() else { return Ok(None) };
    let through = first_head(folder, *first)?.checkpoint.seq;
    let entry = AuditEntry::new(AuditKind::LogPruned).about("through", through);
    Ok(Some((entry, old)))
}

/// Takes files away.
pub(super) fn remove(folder: &Folder, numbers: &[u64]) -> Result<(), AuditError> {
    for number in numbers {
        fs::remove_file(folder.segment(*number)).map_err(failed("take its oldest file away"))?;
    }
    folder.sync().map_err(failed("take its oldest file away"))
}

fn first_head(folder: &Folder, number: u64) -> Result<SignedHead, AuditError> {
    let file = fs::File::open(folder.segment(number)).map_err(failed("open a file of it"))?;
    let mut line = String::new();
    std::io::BufReader::new(file).read_line(&mut line).map_err(failed("read a file of it"))?;
    match line.trim_end().parse() {
        Ok(AuditLine::Checkpoint(head)) => Ok(head),
        Ok(AuditLine::Record(_)) | Err(_) => Err(AuditError::Changed {
            what: format!("its file {number} does not begin with a checkpoint"),
        }),
    }
}
