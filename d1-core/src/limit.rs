//! A [`Limit`]: so many in so much time, and the law by which it lets through.
//!
//! One number is remembered of everyone who is limited: the moment at which everything taken
//! will have been given back (GCRA, the "theoretical arrival time"). Whole microseconds, so
//! that nothing is ever rounded in favour of anybody.

use crate::{LimitKey, LimiterError};
use std::time::Duration;

/// What kind of work is limited; what happens when the limiter is down is decided by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Looking.
    Reads,
    /// What changes something or is paid for.
    Writes,
    /// Devices that link up.
    Links,
    /// Whoever has not said who they are.
    Strangers,
}

/// Why something is not a limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// It would let nobody through.
    #[error("limit `{0}` lets nobody through; give it a burst of at least 1")]
    NoBurst(LimitKey),
    /// Its time cannot be counted.
    #[error("limit `{0}` needs between 1 µs for each and {max} days in all", max = Limit::MAX_PERIOD.as_secs() / 86_400)]
    Period(LimitKey),
}

/// At most `burst` at once, all of which is given back, bit by bit, within a period.
///
/// In any stretch of time no more passes than the burst and what was given back meanwhile.
///
/// ```
/// use d1_core::{Class, Limit};
/// use std::time::Duration;
///
/// let limit = Limit::new("writes".parse()?, Class::Writes, 60, Duration::from_secs(60))?;
/// let first = limit.admit(0, 5_000_000, 60)?;
/// assert!(first.passes && first.remaining == 0);
/// let second = limit.admit(first.tat, 5_000_000, 1)?;
/// assert_eq!((second.passes, second.retry_after), (false, Duration::from_secs(1)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    name: LimitKey,
    class: Class,
    burst: u32,
    interval: u64,
}

/// What a limit says to one ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Whether it passes.
    pub passes: bool,
    /// What has to be remembered when it passes, in microseconds.
    pub tat: u64,
    /// How many more would pass now.
    pub remaining: u32,
    /// When everything is given back.
    pub reset_after: Duration,
    /// When the same would pass; zero when it does.
    pub retry_after: Duration,
}

impl Limit {
    /// The longest period: what is remembered stays exact in the numbers of a script.
    pub const MAX_PERIOD: Duration = Duration::from_secs(31 * 86_400);

    /// A limit. The time for each is rounded up, never in favour of who asks.
    pub fn new(
        name: LimitKey,
        class: Class,
        burst: u32,
        per: Duration,
    ) -> Result<Self, LimitError> {
        if burst == 0 {
            return Err(LimitError::NoBurst(name));
        }
        let micros = u64::try_from(per.as_micros()).unwrap_or(u64::MAX);
        if per > Self::MAX_PERIOD || micros < u64::from(burst) {
            return Err(LimitError::Period(name));
        }
        Ok(Self { name, class, burst, interval: micros.div_ceil(u64::from(burst)) })
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &LimitKey {
        &self.name
    }

    /// What kind of work it limits.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }

    /// How many pass at once.
    #[must_use]
    pub const fn burst(&self) -> u32 {
        self.burst
    }

    /// Microseconds in which one is given back.
    #[must_use]
    pub const fn interval(&self) -> u64 {
        self.interval
    }

    /// The time in which all is given back.
    #[must_use]
    pub fn per(&self) -> Duration {
        Duration::from_micros(self.tolerance())
    }

    /// Microseconds by which what is taken may be ahead of the time.
    #[must_use]
    pub fn tolerance(&self) -> u64 {
        self.interval.saturating_mul(u64::from(self.burst))
    }

    /// The furthest that may be remembered at `now`: everything is taken. A refusal, too,
    /// brings back to it what lies beyond.
    #[must_use]
    pub fn furthest(&self, now: u64) -> u64 {
        now.saturating_add(self.tolerance())
    }

    /// The same for the part of a budget that one of several has; at least one passes.
    #[must_use]
    pub fn share(&self, of: u32) -> Self {
        let burst = (self.burst / of.max(1)).max(1);
        // A part of the burst takes as long to come back as all of it: less for each time.
        let interval = self.tolerance().div_ceil(u64::from(burst));
        Self { burst, interval, ..self.clone() }
    }

    /// Whether `quantity` passes at `now`, when `tat` is remembered. Changes nothing.
    ///
    /// What is remembered from before a clock was set back, or from a larger limit of this
    /// name, counts as no more than everything taken. None is a look. More than the burst
    /// passes never, and is an error: waiting would not help.
    pub fn admit(&self, tat: u64, now: u64, quantity: u32) -> Result<Admission, LimiterError> {
        if quantity > self.burst {
            return Err(LimiterError::Never { limit: self.clone(), quantity });
        }
        let most = self.furthest(now);
        let before = tat.clamp(now, most);
        let after = self
            .interval
            .checked_mul(u64::from(quantity))
            .and_then(|taken| before.checked_add(taken))
            .ok_or_else(|| LimiterError::Never { limit: self.clone(), quantity })?;
        let passes = after <= most;
        let tat = if passes { after } else { before };
        let left = (most - tat) / self.interval;
        Ok(Admission {
            passes,
            tat,
            remaining: u32::try_from(left).unwrap_or(u32::MAX),
            reset_after: Duration::from_micros(tat - now),
            retry_after: Duration::from_micros(after.saturating_sub(most)),
        })
    }
}
