//! What can go wrong between a wish and its end, and the one table of codes for it.

use crate::HubError;
use d1_core::{
    AuditError, Category, IllegalTransition, LedgerError, PlanError, Problem, SetupId, StoreError,
};
use std::error::Error as _;

/// Why the engine did not do as asked. Unless it says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// There is no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The device cannot be spoken to.
    #[error(transparent)]
    Device(#[from] HubError),
    /// The account cannot pay, or the ledger is in trouble.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The store is in trouble, or does not know the setup.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot be written into the audit log, and so is not done.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The setup is not where that can be done to it.
    #[error("{error} (setup {})", setup.short())]
    State {
        /// Which setup.
        setup: SetupId,
        /// What was tried, in which state.
        error: IllegalTransition,
    },
    /// It cannot be done, and this is why.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// Too much is asked of one setup at once.
    #[error("setup {} is asked too much at once; try again", .0.short())]
    Busy(SetupId),
    /// The server that drives it does not answer.
    #[error("the server that drives setup {} does not answer; look what became of it", .0.short())]
    Unanswered(SetupId),
    /// This process is coming to its end.
    #[error("this process is stopping; setup {} goes on after the next start", .0.short())]
    Stopping(SetupId),
}

impl From<Problem> for EngineError {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

impl EngineError {
    /// The same, told so that a person can act on it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Plan(error) => error.problem(),
            Self::Device(error) => error.problem(),
            Self::Ledger(error) => of_ledger(error),
            Self::Store(error) => of_store(error),
            Self::Audit(error) => error.problem(),
            Self::State { setup, error } => of_state(*setup, error),
            Self::Refused(problem) => (**problem).clone(),
            Self::Busy(_) => split("D1-SETUP-015", Category::Daemon, self).leaving(UNTOUCHED),
            Self::Stopping(_) => split("D1-SETUP-016", Category::Daemon, self),
            Self::Unanswered(id) => split("D1-NODE-003", Category::Daemon, self)
                .leaving("what was asked for may have been done")
                .next(format!("d1-doctor status {}", id.short())),
        }
    }

    /// Whether somebody else works on the setup now.
    pub(super) fn is_stale(&self) -> bool {
        matches!(self, Self::Store(StoreError::Stale(_)))
    }

    /// Whether the same may work later.
    pub(super) fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Store(StoreError::Backend { .. })
                | Self::Ledger(LedgerError::Backend { .. })
                | Self::Audit(AuditError::Backend { .. })
        )
    }
}

const UNTOUCHED: &str = "nothing was changed";

fn of_ledger(error: &LedgerError) -> Problem {
    match error {
        LedgerError::Insufficient { .. } => split("D1-CREDIT-402", Category::Credit, error)
            .leaving("nothing was run and nothing was charged"),
        LedgerError::Capped { scope, .. } => split("D1-CREDIT-403", Category::Credit, error)
            .leaving("nothing was run and nothing was charged")
            .next(format!("d1-doctor credits caps set {scope} …")),
        LedgerError::QuoteOver(_) | LedgerError::Denied(_) => {
            split("D1-CREDIT-403", Category::Credit, error)
                .leaving("nothing was run and nothing was charged")
        }
        LedgerError::Backend { source, .. } => split("D1-CREDIT-500", Category::Credit, error)
            .because(source.to_string())
            .leaving("nothing was run and nothing was charged")
            .next("try again later"),
        LedgerError::NoHold(_) | LedgerError::Conflict(_) | LedgerError::OverHold { .. } | _ => {
            split("D1-CREDIT-409", Category::Bug, error).leaving("nothing was charged")
        }
    }
}

fn of_store(error: &StoreError) -> Problem {
    match error {
        StoreError::NotFound(_) => {
            split("D1-SETUP-001", Category::Usage, error).next("d1-doctor history")
        }
        StoreError::Stale(id) => split("D1-SETUP-011", Category::Daemon, error)
            .because("another process has taken it over")
            .leaving("it goes on there")
            .next(format!("d1-doctor status {}", id.short())),
        StoreError::KeyConflict(_) => {
            split("D1-SETUP-012", Category::Usage, error).leaving(UNTOUCHED)
        }
        StoreError::AlreadyExists(_) => {
            split("D1-SETUP-013", Category::Usage, error).leaving(UNTOUCHED)
        }
        StoreError::Backend { .. } | _ => split("D1-SETUP-014", Category::Task, error)
            .because(error.source().map_or_else(String::new, ToString::to_string))
            .leaving("what was kept before is still there")
            .next("see that the disk of the store has room, then try again"),
    }
}

fn of_state(setup: SetupId, error: &IllegalTransition) -> Problem {
    let code = match error.event {
        "go on" => "D1-SETUP-004",
        "stop" => "D1-SETUP-005",
        "be approved" | "be declined" => "D1-SETUP-007",
        _ => "D1-SETUP-017",
    };
    let state = error.from.replace('_', " ");
    let title = format!("setup {} cannot {}: it is {state}", setup.short(), error.event);
    Problem::new(code, Category::Usage, title)
        .leaving(UNTOUCHED)
        .next(format!("d1-doctor status {}", setup.short()))
}

/// A message of the form `what; remedy`, taken apart.
fn split(code: &str, category: Category, error: &impl ToString) -> Problem {
    let text = error.to_string();
    match text.split_once("; ") {
        Some((title, remedy)) => Problem::new(code, category, title).next(remedy),
        None => Problem::new(code, category, text),
    }
}
