//! How much somebody who orders a step could cost the owner of the machine.

use crate::{Effect, Step};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How much somebody who orders a step could cost the owner of the machine, from least to most.
///
/// A device reckons it by itself, from what the step does and never from what is said about it;
/// of the two words the graver one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// It looks at what anybody here may look at.
    Looks,
    /// It changes what is the user's own.
    Own,
    /// It changes the system in a known way: packages, services, its files.
    System,
    /// It can take the machine over, open it to others, or destroy what cannot be had back; or
    /// nobody can tell what it does.
    Grave,
}

impl Risk {
    /// Every one of them, from least to most.
    pub const ALL: [Self; 4] = [Self::Looks, Self::Own, Self::System, Self::Grave];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Looks => "looks",
            Self::Own => "own",
            Self::System => "system",
            Self::Grave => "grave",
        }
    }

    /// What whoever ordered a step says of it, by what they say that it does.
    #[must_use]
    pub const fn claimed(step: &Step) -> Self {
        match step.effect {
            Effect::Read => Self::Looks,
            Effect::Write if !step.needs_root => Self::Own,
            Effect::Write | Effect::Destructive => Self::System,
        }
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
