//! What went wrong, told so that a person can act on it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What kind of trouble it is; every program maps it to its own numbers in one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// The request makes no sense as given.
    Usage,
    /// The work itself failed.
    Task,
    /// The daemon cannot be reached, or does not fit.
    Daemon,
    /// Sign-in is missing or over.
    Auth,
    /// Not enough credits, or a cap was reached.
    Credit,
    /// Policy, permission, or a person said no.
    Denied,
    /// A network or server cannot be reached.
    Network,
    /// Time ran out.
    Timeout,
    /// A mistake of ours.
    Bug,
}

/// What failed, why, what state the machine is in, and what to do now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A stable code, documented one by one: `D1-APT-002`.
    pub code: String,
    /// What kind of trouble it is.
    pub category: Category,
    /// What failed, in one line, lower case, no full stop.
    pub title: String,
    /// Why: the cause, not the symptom. Empty when the title says it all.
    pub cause: String,
    /// What state things are in now. Empty when nothing was touched and none would ask.
    pub state: String,
    /// What to do, most useful first: commands or short sentences.
    pub next: Vec<String>,
}

impl Problem {
    /// A problem of which only the headline is known.
    #[must_use]
    pub fn new(code: &str, category: Category, title: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            category,
            title: title.into(),
            cause: String::new(),
            state: String::new(),
            next: Vec::new(),
        }
    }

    /// The same, with its cause.
    #[must_use]
    pub fn because(self, cause: impl Into<String>) -> Self {
        Self { cause: cause.into(), ..self }
    }

    /// The same, with the state things are in.
    #[must_use]
    pub fn leaving(self, state: impl Into<String>) -> Self {
        Self { state: state.into(), ..self }
    }

    /// The same, with one more thing to do.
    #[must_use]
    pub fn next(mut self, step: impl Into<String>) -> Self {
        self.next.push(step.into());
        self
    }
}

/// One line, for logs; terminals lay out the parts themselves.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.title)?;
        if !self.cause.is_empty() {
            write!(f, ": {}", self.cause)?;
        }
        match self.next.first() {
            Some(step) => write!(f, "; {step}"),
            None => Ok(()),
        }
    }
}
