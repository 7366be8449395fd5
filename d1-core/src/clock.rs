//! The [`Clock`] port: what time is it?

use serde::{Deserialize, Serialize};
use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Milliseconds since the Unix epoch.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// This much later; stays at the last moment there is.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(millis(wait)))
    }

    /// How long ago `earlier` was; zero when it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Tells the time of day.  Waiting is `tokio::time`'s work, not this trait's.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Now.  Never earlier than an earlier answer.
    fn now(&self) -> Timestamp;
}

/// The wall clock at start-up, carried forward by tokio's own clock.
///
/// One knob turns both: under `#[tokio::test(start_paused = true)]` timers and
/// timestamps stand still together and advance together.
#[derive(Clone, Debug)]
pub struct SystemClock {
    started_at: Timestamp,
    started: tokio::time::Instant,
}

impl SystemClock {
    /// A clock that starts at the machine's present time.
    #[must_use]
    pub fn new() -> Self {
        Self::starting_at(machine_time())
    }

    /// A clock that starts at a chosen time; tests use it.
    #[must_use]
    pub fn starting_at(started_at: Timestamp) -> Self {
        Self { started_at, started: tokio::time::Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.started_at.0 + millis(self.started.elapsed()))
    }
}

/// The machine's own time of day, asked anew each time: it goes on while the machine sleeps, and
/// knows when somebody set it. It never goes back; set back, it stands still until it is caught
/// up with.
#[derive(Debug, Default)]
pub struct WallClock {
    latest: AtomicU64,
}

impl WallClock {
    /// A clock that shows the machine's present time.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        let now = machine_time().0;
        Timestamp(self.latest.fetch_max(now, Ordering::SeqCst).max(now))
    }
}

fn machine_time() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp(millis(since_epoch))
}

fn millis(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}

/// A time, roughly, for people who compare clocks.
pub(crate) fn told(time: &Duration) -> String {
    match time.as_secs() {
        seconds if seconds < 120 => format!("{seconds} s"),
        seconds if seconds < 7_200 => format!("{} min", seconds / 60),
        seconds if seconds < 172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn paused_time_moves_timestamps_too() {
        let clock = SystemClock::starting_at(Timestamp(1_000));
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert_eq!(clock.now(), Timestamp(31_000));
    }
}
