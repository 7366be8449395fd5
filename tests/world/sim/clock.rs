//! A clock that is wrong, as clocks are: it is off, and it runs at a speed of its own.

use super::chance::Chance;
use d1_core::{Clock, Timestamp};
use std::time::Duration;
use tokio::time::Instant;

/// When every world begins: late enough that no clock shows a time before the epoch.
const BEGINNING: Timestamp = Timestamp(1_800_000_000_000);

/// How many millionths a clock is too fast or too slow at most: ten times a bad quartz.
const DRIFT: usize = 1_000;

/// A clock that is off. It never goes back.
#[derive(Debug)]
pub(super) struct SkewedClock {
    beginning: Timestamp,
    began: Instant,
    /// Millionths of the true speed.
    speed: u64,
}

impl SkewedClock {
    pub(super) fn new(chance: &Chance, skew: Duration, began: Instant) -> Self {
        let early = Timestamp(BEGINNING.0 - u64::try_from(skew.as_millis()).unwrap_or(0));
        let speed = 1_000_000 - DRIFT / 2 + chance.below(DRIFT);
        Self { beginning: early.after(chance.within(skew * 2)), began, speed: speed as u64 }
    }
}

impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        let true_millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.beginning
            .after(Duration::from_millis(true_millis.saturating_mul(self.speed) / 1_000_000))
    }
}
