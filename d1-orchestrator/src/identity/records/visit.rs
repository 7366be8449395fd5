//! A browser in which somebody is signed in.

use d1_core::{Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long: as long as it takes to decide about a few requests.
pub(in crate::identity) const LIFE: Duration = Duration::from_secs(30 * 60);

/// A browser in which somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::identity) struct Visit {
    pub(in crate::identity) user: UserId,
    pub(in crate::identity) signed_in: Timestamp,
}

impl Visit {
    pub(in crate::identity) fn ends(&self) -> Timestamp {
        self.signed_in.after(LIFE)
    }
}
