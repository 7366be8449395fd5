//! One check: what it is about, and what it found.

use super::sight::Sight;
use d1_core::{About, Finding, Step, Verdict};
use std::{future::Future, io, pin::Pin, time::Duration};

/// The longest text of a finding, in characters: what programs say has no bound.
const LONGEST_TEXT: usize = 400;

/// Work that looks.
pub type Looking = Pin<Box<dyn Future<Output = Found> + Send>>;

/// One check: what it is about, and how it looks. It changes nothing, and reads the machine
/// through its [`Sight`] only.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// What it is about.
    pub about: About,
    /// Looks. A panic counts as not determined.
    pub look: fn(Sight) -> Looking,
}

/// What a look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    verdict: Verdict,
    summary: String,
    details: Vec<String>,
    remedy: Vec<String>,
    fix: Vec<Step>,
}

impl Found {
    fn new(verdict: Verdict, summary: impl Into<String>) -> Self {
        let summary = summary.into();
        Self { verdict, summary, details: Vec::new(), remedy: Vec::new(), fix: Vec::new() }
    }

    /// It is as it should be.
    #[must_use]
    pub fn ok(summary: impl Into<String>) -> Self {
        Self::new(Verdict::Ok, summary)
    }

    /// It is not to be looked at on this machine.
    #[must_use]
    pub fn skipped(why: impl Into<String>) -> Self {
        Self::new(Verdict::Skipped, why)
    }

    /// It could not be determined.
    #[must_use]
    pub fn unknown(why: impl Into<String>) -> Self {
        Self::new(Verdict::Unknown, why)
    }

    /// It could not be determined, for this could not be read.
    #[must_use]
    pub fn unreadable(what: &str, error: &io::Error) -> Self {
        Self::unknown(format!("{what} cannot be read: {error}"))
    }

    /// It works, and will make trouble.
    #[must_use]
    pub fn warn(summary: impl Into<String>) -> Self {
        Self::new(Verdict::Warn, summary)
    }

    /// It does not work.
    #[must_use]
    pub fn fail(summary: impl Into<String>) -> Self {
        Self::new(Verdict::Fail, summary)
    }

    /// With this evidence.
    #[must_use]
    pub fn details(self, details: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { details: details.into_iter().map(Into::into).collect(), ..self }
    }

    /// With one more thing that a person can do about it.
    #[must_use]
    pub fn remedy(mut self, step: impl Into<String>) -> Self {
        self.remedy.push(step.into());
        self
    }

    /// With one more step that mends it; the steps are made in this order. Their ids are given
    /// by the check.
    #[must_use]
    pub fn mend(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.fix.extend(steps);
        self
    }

    /// The finding of the check that is called `id`.
    pub(super) fn of(mut self, about: &About, duration: Duration) -> Option<Finding> {
        let more = self.details.len().saturating_sub(Finding::MAX_DETAILS);
        if more > 0 {
            self.details.truncate(Finding::MAX_DETAILS - 1);
            self.details.push(format!("and {} more", more + 1));
        }
        for (number, step) in self.fix.iter_mut().enumerate() {
            // The steps of a plan come from many checks, and their names tell which.
            step.id = format!("{}.{}", about.id, number + 1).parse().ok()?;
        }
        Some(Finding {
            check: about.id.parse().ok()?,
            accepted: None,
            verdict: self.verdict,
            summary: tame(&self.summary),
            details: self.details.iter().map(|text| tame(text)).collect(),
            remedy: self.remedy.iter().map(|text| tame(text)).collect(),
            fix: self.fix,
            duration,
        })
    }
}

/// A text that does a terminal no harm: of bounded length, and without what would steer it.
fn tame(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut tame: String = text.chars().take(LONGEST_TEXT).map(plain).collect();
    if text.chars().nth(LONGEST_TEXT).is_some() {
        tame.push('…');
    }
    tame
}
