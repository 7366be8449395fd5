//! What tests need to see and do (feature `testing`).

use super::{FileAuditLog, segment::Bounds};
use std::sync::PoisonError;

impl FileAuditLog {
    /// The same log, which grows no larger than so many files of so many bytes.
    #[must_use]
    pub fn within(self, bytes: u64, files: usize) -> Self {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).bounds = Bounds { bytes, files };
        self
    }
}

/// Every fault point of the log, in the order in which a record passes them.
pub const POINTS: &[&str] = &[
    "audit.append.before",
    "audit.append.torn",
    "audit.append.unsynced",
    "audit.append.after",
    "audit.head.before",
    "audit.head.after",
];
