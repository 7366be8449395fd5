//! The [`AuditLog`] port: where what was done is written down, before it is done.

use super::{
    checkpoint::SignedHead,
    entry::AuditEntry,
    line::{AuditLine, NotALine},
};
use crate::{Category, Problem, Timestamp};
use std::{error::Error, fmt};

/// Why something could not be written down.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The storage is in trouble.
    #[error("the audit log could not {doing}; see the cause")]
    Backend {
        /// What it was doing.
        doing: &'static str,
        /// What went wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// There is a log, and not the key that goes on with it.
    #[error(
        "the audit log has lost its key `{0}`; restore the key, or move the log away to begin a new one"
    )]
    NoKey(String),
    /// What is there is not what was written.
    #[error("the audit log was changed: {what}; look at it with: d1-doctor audit verify")]
    Changed {
        /// What is wrong with it.
        what: String,
    },
    /// Something in it cannot be read.
    #[error("line {line} of the audit log cannot be read; look at it with: d1-doctor audit verify")]
    Line {
        /// Which line.
        line: u64,
        /// Why not.
        source: NotALine,
    },
}

impl AuditError {
    /// Told so that a person can act on it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let full = self.to_string();
        let (title, remedy) = full.split_once("; ").unwrap_or((&full, ""));
        let problem = Problem::new("D1-AUDIT-001", Category::Daemon, title)
            .because(self.source().map_or_else(String::new, ToString::to_string))
            .leaving("nothing runs while the audit log cannot be written");
        match self {
            Self::Backend { .. } => problem.next(
                "see that the state directory can be written and its disk has room, then try again",
            ),
            Self::NoKey(_) | Self::Changed { .. } | Self::Line { .. } => problem.next(remedy),
        }
    }
}

/// A chain of records of what was done.
///
/// What was appended is durable when that returns: it survives the death of the process and of
/// the machine. What cannot be written is an error, and whoever is told so does not do what they
/// wanted to write down.
#[async_trait::async_trait]
pub trait AuditLog: fmt::Debug + Send + Sync {
    /// Writes down that something happens; tells the number of its record. Of many at once, each
    /// has a record of its own, in one chain.
    async fn append(&self, entry: AuditEntry, at: Timestamp) -> Result<u64, AuditError>;

    /// The head of the chain, signed: everything that was appended before is in it.
    async fn head(&self, at: Timestamp) -> Result<SignedHead, AuditError>;

    /// The lines of the log as it is kept, without the first `skip`, at most `limit` of them. They
    /// begin with a checkpoint, and verify.
    async fn lines(&self, skip: u64, limit: usize) -> Result<Vec<AuditLine>, AuditError>;
}
