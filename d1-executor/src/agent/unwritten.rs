//! What could not be written down: without a journal and an audit log an agent does nothing.

use super::verdict::journal_problem;
use d1_core::{AuditError, JournalError, Problem};

/// What could not be written down.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unwritten {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Audit(#[from] AuditError),
}

impl Unwritten {
    /// Told so that a person can act on it.
    pub(super) fn problem(&self) -> Problem {
        match self {
            Self::Journal(error) => journal_problem(error),
            Self::Audit(error) => error.problem(),
        }
    }

    /// Whether it may be written in a while: a full disk may get room.
    pub(super) const fn may_pass(&self) -> bool {
        match self {
            Self::Journal(error) => matches!(error, JournalError::Backend { .. }),
            Self::Audit(_) => true,
        }
    }
}
