//! What was agreed on when a setup was made: for how long it waits for its device, and what its
//! device does while nobody is on the link.

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
    /// What the device does with its steps while nobody who ordered them is on the link.
    #[serde(default)]
    pub on_disconnect: OnDisconnect,
}

/// What a device does with a step while nobody who ordered it is on the link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnDisconnect {
    /// It goes on, and tells how it ended when somebody comes.
    #[default]
    Continue,
    /// What has begun goes on; what has not waits for somebody to come.
    Pause,
    /// What has begun is called off when nobody has come for half a minute, and what has not does
    /// not begin.
    Cancel,
}

impl OnDisconnect {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Continue, Self::Pause, Self::Cancel];

    /// The first protocol whose devices do so.
    #[must_use]
    pub const fn since(self) -> u32 {
        match self {
            Self::Continue => 1,
            Self::Pause | Self::Cancel => 2,
        }
    }

    /// Its name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::Pause => "pause",
            Self::Cancel => "cancel",
        }
    }
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
        Self { deliver_within: Self::DELIVER_WITHIN, on_disconnect: OnDisconnect::default() }
    }
}
