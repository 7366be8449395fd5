//! What servers say to each other.

use d1_core::StopMode;
use serde::{Deserialize, Serialize};

/// What a person wishes of a setup, passed on to the server that drives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "wish", deny_unknown_fields)]
pub enum WishBody {
    /// Yes.
    Approve,
    /// No.
    Decline,
    /// Stop it.
    Stop {
        /// How.
        mode: StopMode,
    },
    /// Go on with it.
    Resume {
        /// Also where nobody can tell what became of a step.
        force: bool,
    },
}
