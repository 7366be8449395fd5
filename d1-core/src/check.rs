//! What a check of the doctor is about.

use crate::Verdict;
use std::time::Duration;

/// How a check goes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pace {
    /// Reads a few files, or asks one quick program.
    Fast,
    /// Asks programs or others that take their time; comes last.
    Slow,
    /// Only when asked for by name, or for everything there is.
    Deep,
}

impl Pace {
    /// How long a check of this pace may take before it counts as not determined.
    #[must_use]
    pub const fn deadline(self) -> Duration {
        match self {
            Self::Fast => Duration::from_secs(2),
            Self::Slow => Duration::from_secs(10),
            Self::Deep => Duration::from_secs(60),
        }
    }
}

/// What a check is about: known before it looks. What it found is a [`Finding`](crate::Finding).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// Its name, its area first: what a [`CheckId`](crate::CheckId) takes.
    pub id: &'static str,
    /// What it sees to, in one line.
    pub title: &'static str,
    /// What it reads, in a few words.
    pub reads: &'static str,
    /// The worst that it can find: [`Verdict::Warn`] or [`Verdict::Fail`].
    pub severity: Verdict,
    /// How it goes about it.
    pub pace: Pace,
    /// Whether it talks to the network.
    pub network: bool,
}

impl About {
    /// The category it belongs to: what comes before the first dot.
    #[must_use]
    pub fn area(&self) -> &'static str {
        self.id.split('.').next().unwrap_or(self.id)
    }

    /// How long it may take before it counts as not determined.
    #[must_use]
    pub const fn deadline(&self) -> Duration {
        self.pace.deadline()
    }
}
