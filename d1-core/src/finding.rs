//! What a check of the doctor found out.

use crate::{CheckId, Step, plan::millis};
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// How things stand, as far as one check can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Not asked for, or not to be looked at on this machine; the summary says why.
    Skipped,
    /// It could not be determined; the summary says why. Never a reason to worry by itself.
    Unknown,
    /// It works, and will make trouble.
    Warn,
    /// It does not work.
    Fail,
}

/// What one check found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which check.
    pub check: CheckId,
    /// How things stand.
    pub verdict: Verdict,
    /// That in one line.
    pub summary: String,
    /// The evidence: at most [`Finding::MAX_DETAILS`] lines.
    pub details: Vec<String>,
    /// What a person can do about it, in order.
    pub remedy: Vec<String>,
    /// The steps that mend it; empty when there are none we know.
    pub fix: Vec<Step>,
    /// The owner's word that it is known and may stay so for a while.
    #[serde(default)]
    pub accepted: Option<Acceptance>,
    /// How long it took to find out.
    #[serde(rename = "duration_ms", with = "millis")]
    pub duration: Duration,
}

/// Why something that is wrong is left so, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Why.
    pub reason: String,
    /// The last day on which that holds, as in `2027-01-31`.
    pub until: String,
}

impl Finding {
    /// The most lines of evidence.
    pub const MAX_DETAILS: usize = 32;

    /// Whether something is wrong, and nobody has said that it may be.
    #[must_use]
    pub const fn is_trouble(&self) -> bool {
        matches!(self.verdict, Verdict::Warn | Verdict::Fail) && self.accepted.is_none()
    }
}

impl Verdict {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Unknown => "unknown",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
