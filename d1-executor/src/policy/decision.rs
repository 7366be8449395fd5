//! What the policy says to a request.

use super::request::Granted;
use d1_core::{Category, Digest, Problem};
use serde::Serialize;

/// What the policy says to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum Decision {
    /// It may run, exactly so.
    Allow {
        /// What may run.
        grant: Granted,
        /// What names it.
        digest: Digest,
    },
    /// It may run after a yes at this machine, to exactly this.
    NeedsApproval {
        /// What would run.
        grant: Granted,
        /// What names it: the yes is to this digest.
        digest: Digest,
        /// Why somebody has to look at it, the weightiest first.
        reasons: Vec<Reason>,
    },
    /// It may not run.
    Deny(Denial),
}

/// Why a yes is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// In one sentence.
    pub text: String,
    /// Where the policy says so, when it is a line of a file.
    pub source: Option<String>,
}

/// Why something may not run, and what to do in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// A stable code: `D1-POL-004`.
    pub code: &'static str,
    /// What may not be.
    pub reason: String,
    /// Why the owner wants it so. Empty when the reason says it all.
    pub cause: String,
    /// What to do in its place.
    pub alternative: String,
    /// Where the policy says so, when it is a line of a file.
    pub source: Option<String>,
}

impl Denial {
    /// Told so that a person, or a program that reads codes, can act on it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let Self { code, reason, cause, alternative, source } = self;
        let mut cause = cause.clone();
        if let Some(source) = source {
            cause += &if cause.is_empty() { source.clone() } else { format!(" ({source})") };
        }
        let problem = Problem::new(code, Category::Denied, reason);
        problem.because(cause).leaving("nothing was run").next(alternative)
    }
}

/// What needs a yes that nobody has given; `next` is how to give it.
#[must_use]
pub fn unapproved(digest: Digest, reasons: &[Reason], next: String) -> Problem {
    let title = format!("grant {} needs a yes at this machine, and has none", digest.short());
    let told: Vec<String> = reasons.iter().map(Reason::to_string).collect();
    Problem::new("D1-POL-003", Category::Denied, title)
        .because(told.join("; "))
        .leaving("nothing was run")
        .next(next)
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)?;
        match &self.source {
            Some(source) => write!(f, " ({source})"),
            None => Ok(()),
        }
    }
}
