//! A [`Clock`] that moves only when told.

use crate::{Clock, Timestamp};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// A [`Clock`] that moves only when told, and never back.
///
/// ```
/// use d1_core::{Clock, Timestamp, memory::ManualClock};
/// use std::time::Duration;
///
/// let clock = ManualClock::starting_at(Timestamp(1_000));
/// assert_eq!(clock.now(), Timestamp(1_000));
/// clock.advance(Duration::from_secs(2));
/// assert_eq!(clock.now(), Timestamp(3_000));
/// ```
#[derive(Debug, Default)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// A clock that shows `start` until it is told otherwise.
    #[must_use]
    pub fn starting_at(start: Timestamp) -> Self {
        Self(AtomicU64::new(start.0))
    }

    /// Moves on by `wait`; stays at the last moment there is.
    pub fn advance(&self, wait: Duration) {
        let later = |now| Some(Timestamp(now).after(wait).0);
        // The closure never declines, so neither does this.
        let _moved = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, later);
    }

    /// Moves on to `at`; stays where it is when that is over already.
    pub fn advance_to(&self, at: Timestamp) {
        self.0.fetch_max(at.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}
