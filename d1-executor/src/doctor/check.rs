//! One check: what it is about, and what it found.

use super::sight::Sight;
use d1_core::{Finding, Step, Verdict};
use std::{future::Future, io, pin::Pin, time::Duration};

/// How a check goes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pace {
    /// Reads a few files, or asks one quick program.
    Fast,
    /// Asks programs that take their time; comes last.
    Slow,
    /// Only when asked for by name, or with `--deep`.
    Deep,
}

/// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// Its name, its area first.
    pub id: &'static str,
    /// What it sees to, in one line.
    pub title: &'static str,
    /// How it goes about it.
    pub pace: Pace,
    /// Whether it talks to the network.
    pub network: bool,
}

impl About {
    /// The area: what comes before the first dot.
    #[must_use]
    pub fn area(&self) -> &'static str {
        self.id.split('.').next().unwrap_or(self.id)
    }

    /// How long it may take before it counts as not determined.
    #[must_use]
    pub const fn deadline(&self) -> Duration {
        match self.pace {
            Pace::Fast => Duration::from_secs(2),
            Pace::Slow => Duration::from_secs(10),
            Pace::Deep => Duration::from_secs(60),
        }
    }
}

/// Work that looks.
pub(super) type Looking = Pin<Box<dyn Future<Output = Found> + Send>>;

/// One check.
#[derive(Clone, Copy)]
pub(super) struct Check {
    pub(super) about: About,
    pub(super) look: fn(Sight) -> Looking,
}

/// What a look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) verdict: Verdict,
    pub(super) summary: String,
    pub(super) details: Vec<String>,
    pub(super) remedy: Vec<String>,
    pub(super) fix: Vec<Step>,
}

impl Found {
    fn new(verdict: Verdict, summary: impl Into<String>) -> Self {
        let summary = summary.into();
        Self { verdict, summary, details: Vec::new(), remedy: Vec::new(), fix: Vec::new() }
    }

    pub(super) fn ok(summary: impl Into<String>) -> Self {
        Self::new(Verdict::Ok, summary)
    }

    pub(super) fn skipped(why: impl Into<String>) -> Self {
        Self::new(Verdict::Skipped, why)
    }

    pub(super) fn unknown(why: impl Into<String>) -> Self {
        Self::new(Verdict::Unknown, why)
    }

    /// It could not be read.
    pub(super) fn unreadable(what: &str, error: &io::Error) -> Self {
        Self::unknown(format!("{what} cannot be read: {error}"))
    }

    pub(super) fn warn(summary: impl Into<String>) -> Self {
        Self::new(Verdict::Warn, summary)
    }

    pub(super) fn fail(summary: impl Into<String>) -> Self {
        Self::new(Verdict::Fail, summary)
    }

    pub(super) fn details(self, details: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { details: details.into_iter().map(Into::into).collect(), ..self }
    }

    pub(super) fn remedy(mut self, step: impl Into<String>) -> Self {
        self.remedy.push(step.into());
        self
    }

    /// The finding of the check that is called `id`.
    pub(super) fn of(mut self, about: &About, duration: Duration) -> Option<Finding> {
        let more = self.details.len().saturating_sub(Finding::MAX_DETAILS);
        if more > 0 {
            self.details.truncate(Finding::MAX_DETAILS - 1);
            self.details.push(format!("and {} more", more + 1));
        }
        Some(Finding {
            check: about.id.parse().ok()?,
            verdict: self.verdict,
            summary: self.summary,
            details: self.details,
            remedy: self.remedy,
            fix: self.fix,
            duration,
        })
    }
}
