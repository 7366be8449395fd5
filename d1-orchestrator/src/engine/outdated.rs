//! Devices whose daemon is too old for what was agreed on.
//!
//! 1. What a daemon of before would do otherwise than it was told is refused when it is asked
//!    for, as far as it is known then which daemon that is.
//! 2. A device that comes with such a daemon later is sent the steps all the same, as for ones
//!    whose time has passed: it tells how what it knows of ended, and begins nothing.
//! 3. What it did not begin for that is undeliverable, and its problem says why.

use super::{core::Engine, drive::Driver};
use d1_core::{Category, DeviceId, Outcome, Problem, SetupState, TaskResult, Terms};

impl Engine {
    /// Why a device that is linked here cannot keep to these terms.
    pub(super) fn cannot_keep_to(&self, device: DeviceId, terms: &Terms) -> Option<Problem> {
        let spoken = self.hub().protocol(device)?;
        (spoken < terms.on_disconnect.since()).then(|| outdated(device, terms, spoken))
    }
}

impl Driver {
    /// Whether what is sent now must not begin.
    pub(super) fn begins_nothing(&self) -> bool {
        self.engine.cannot_keep_to(self.setup.device, &self.setup.terms).is_some()
    }

    /// The result as it is kept: the device only knows that its time had passed.
    pub(super) fn explained(&self, result: Box<TaskResult>) -> Box<TaskResult> {
        let is_for_that =
            result.outcome == Outcome::Undeliverable && self.setup.state == SetupState::Running;
        match self.engine.cannot_keep_to(self.setup.device, &self.setup.terms) {
            Some(problem) if is_for_that => {
                Box::new(TaskResult { problem: Some(problem), ..*result })
            }
            _ => result,
        }
    }
}

fn outdated(device: DeviceId, terms: &Terms, spoken: u32) -> Problem {
    let agreed = terms.on_disconnect;
    let title = format!(
        "the daemon of device {} is too old for `on_disconnect: {}`",
        device.short(),
        agreed.as_str()
    );
    Problem::new("D1-DEVICE-014", Category::Daemon, title)
        .because(format!(
            "it speaks protocol {spoken}, and devices do so since protocol {}; it would go on \
             whatever is said",
            agreed.since()
        ))
        .leaving("nothing was changed")
        .next("upgrade the daemon of this device, or ask again without `on_disconnect`")
}
