//! Asking work to stop: in good order, or at once.

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// How to stop. Ordered: worse wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StopMode {
    /// Let the running step end; start nothing more.
    AfterStep,
    /// Ask the running step to end, and end it after its grace.
    Now,
    /// End it at once, without cleaning up.
    Kill,
}

/// Held by whoever does the work; fires when somebody asks it to stop.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    now: CancellationToken,
    kill: CancellationToken,
}

impl Stop {
    /// Nobody has asked yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks. [`StopMode::AfterStep`] asks nothing of the work itself.
    pub fn ask(&self, mode: StopMode) {
        match mode {
            StopMode::AfterStep => {}
            StopMode::Now => self.now.cancel(),
            StopMode::Kill => {
                self.now.cancel();
                self.kill.cancel();
            }
        }
    }

    /// Fires when it should end in good order, or at once.
    #[must_use]
    pub fn now(&self) -> &CancellationToken {
        &self.now
    }

    /// Fires when it should end at once.
    #[must_use]
    pub fn kill(&self) -> &CancellationToken {
        &self.kill
    }
}
