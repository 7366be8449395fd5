//! How a task can end. One enum, everywhere.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done, and verified.
    Succeeded,
    /// It was already so; nothing was touched.
    NoChange,
    /// It ran and did not reach its goal.
    Failed,
    /// It ran past its time and was stopped.
    TimedOut,
    /// It was called off and stopped in good order.
    Cancelled,
    /// It was killed; it may have left things half done.
    Killed,
    /// The owner's policy says no.
    DeniedByPolicy,
    /// A person said no.
    DeniedByUser,
    /// It could not be delivered in time; it never started.
    Undeliverable,
    /// The daemon died while it ran; the probe says what became of it.
    Interrupted,
    /// Nobody can tell what became of it.
    Lost,
    /// A newer attempt or orchestrator took its place.
    Superseded,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 12] = [
        Self::Succeeded,
        Self::NoChange,
        Self::Failed,
        Self::TimedOut,
        Self::Cancelled,
        Self::Killed,
        Self::DeniedByPolicy,
        Self::DeniedByUser,
        Self::Undeliverable,
        Self::Interrupted,
        Self::Lost,
        Self::Superseded,
    ];

    /// Whether what was asked for is so now.
    #[must_use]
    pub const fn is_success(self) -> bool {
        match self {
            Self::Succeeded | Self::NoChange => true,
            Self::Failed
            | Self::TimedOut
            | Self::Cancelled
            | Self::Killed
            | Self::DeniedByPolicy
            | Self::DeniedByUser
            | Self::Undeliverable
            | Self::Interrupted
            | Self::Lost
            | Self::Superseded => false,
        }
    }

    /// Its name in JSON, logs and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::NoChange => "no_change",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Killed => "killed",
            Self::DeniedByPolicy => "denied_by_policy",
            Self::DeniedByUser => "denied_by_user",
            Self::Undeliverable => "undeliverable",
            Self::Interrupted => "interrupted",
            Self::Lost => "lost",
            Self::Superseded => "superseded",
        }
    }
}

impl fmt::Display for Outcome {
    /// In words: `timed out`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.as_str().replace('_', " "))
    }
}
