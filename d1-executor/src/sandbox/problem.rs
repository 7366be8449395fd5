//! Why a command does not run confined, told so that a person can act on it.

use super::port::SandboxError;
use d1_core::{Category, Problem};
use std::error::Error as _;

/// How the owner of a machine lets steps run with a wall missing.
#[cfg(unix)]
const LET_IT: &str =
    "or let the owner of this machine write `best_effort = true` into /etc/d1-doctor/policy.toml";

impl SandboxError {
    /// A code, a cause, and what to do.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let text = self.to_string();
        let (title, remedy) = text.split_once("; ").unwrap_or((&text, ""));
        let (code, category) = match self {
            Self::Missing { .. } => ("D1-BOX-001", Category::Denied),
            Self::NoBackend => ("D1-BOX-005", Category::Denied),
            Self::Path { .. } | Self::Directory { .. } | Self::Handed { .. } => {
                ("D1-BOX-003", Category::Usage)
            }
            Self::SetUp { .. }
            | Self::Changed { .. }
            | Self::NotFound { .. }
            | Self::Start { .. }
            | Self::Follow { .. } => ("D1-BOX-002", Category::Task),
        };
        let cause = self.source().map_or_else(String::new, ToString::to_string);
        let problem = Problem::new(code, category, title).because(cause).leaving("nothing was run");
        if remedy.is_empty() || remedy == "nothing was run" {
            return problem;
        }
        problem.next(remedy)
    }
}

/// A step whose walls cannot be put up, on a machine whose owner wants all of them.
#[cfg(unix)]
pub(crate) fn without_walls(error: &SandboxError) -> Problem {
    let problem = error.problem();
    let status = "see which protection this machine has: d1-doctor status";
    match error {
        SandboxError::NoBackend => problem.next(LET_IT),
        SandboxError::Missing { .. } | SandboxError::SetUp { .. } => {
            Problem { code: "D1-BOX-001".into(), category: Category::Denied, ..problem }
                .next(status)
                .next(LET_IT)
        }
        SandboxError::Path { .. }
        | SandboxError::Handed { .. }
        | SandboxError::Changed { .. }
        | SandboxError::NotFound { .. }
        | SandboxError::Directory { .. }
        | SandboxError::Start { .. }
        | SandboxError::Follow { .. } => problem,
    }
}
