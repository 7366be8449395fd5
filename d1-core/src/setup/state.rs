//! Where a setup is in its life, and how it ended.

use crate::StopMode;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a setup is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetupState {
    /// Shown; nobody has said yes.
    AwaitingApproval,
    /// On its way.
    Running,
    /// Asked to stop; what runs comes to its end.
    Stopping(StopMode),
    /// Over.
    Finished(SetupOutcome),
}

/// How a setup ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SetupOutcome {
    /// Every step reached its goal.
    Succeeded,
    /// Everything was so already.
    NoChange,
    /// A step did not reach its goal.
    Failed,
    /// It was stopped before its end.
    Cancelled,
    /// Nobody said yes.
    Declined,
}

impl SetupState {
    /// Whether it was approved and is not over.
    #[must_use]
    pub const fn is_under_way(&self) -> bool {
        match self {
            Self::Running | Self::Stopping(_) => true,
            Self::AwaitingApproval | Self::Finished(_) => false,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AwaitingApproval => "awaiting approval",
            Self::Running => "running",
            Self::Stopping(_) => "stopping",
            Self::Finished(outcome) => outcome.as_str(),
        }
    }
}

impl SetupOutcome {
    /// Every way to end.
    pub const ALL: [Self; 5] =
        [Self::Succeeded, Self::NoChange, Self::Failed, Self::Cancelled, Self::Declined];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::NoChange => "no_change",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Declined => "declined",
        }
    }
}

impl fmt::Display for SetupOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.as_str().replace('_', " "))
    }
}
