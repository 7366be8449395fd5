//! What was agreed on when a setup was made: for how long it waits for its device.

use crate::plan::millis;
use serde::{Deserialize, Serialize};
use std::{ops::RangeInclusive, time::Duration};

/// What was agreed on when a setup was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// For how long steps that were not sent wait for a device that is away; in JSON in
    /// milliseconds. Counted from the yes or from when the device went, whichever is later.
    #[serde(rename = "deliver_within_ms", with = "millis")]
    pub deliver_within: Duration,
}

impl Terms {
    /// For how long work waits, when nobody says otherwise: a machine that is switched off over a
    /// week's holiday still does it.
    pub const DELIVER_WITHIN: Duration = Duration::from_secs(8 * 24 * 3600);
    /// For how long it may be told to wait: from a minute to thirty days, which is how long
    /// credits may be set aside.
    pub const BOUNDS: RangeInclusive<Duration> =
        Duration::from_secs(60)..=Duration::from_secs(30 * 24 * 3600);
}

impl Default for Terms {
    fn default() -> Self {
        Self { deliver_within: Self::DELIVER_WITHIN }
    }
}
