//! A limiter that may be down, and what is done then.
//!
//! 1. The limiter is asked, and has [`DEADLINE`] to answer.
//! 2. When it answers, that is the answer; what can never pass is an answer, too.
//! 3. When it did not answer, it is left alone for [`REST`]: nobody waits for what is known to
//!    be down, and one asks again after it.
//! 4. While it does not answer, the strictest policy of the classes that were asked for decides. That
//!    is counted, and told as [`Decision::Degraded`]: never as the answer of a limiter.

use d1_core::{
    Ask, Class, Clock, Decision, Fallback, Limit, LimitKey, LimiterError, RateLimiter, Timestamp,
    memory::MemoryLimiter,
};
use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// How long a limiter may take. Some hundred times what it takes when all is well, and less
/// than a person notices.
const DEADLINE: Duration = Duration::from_millis(250);

/// How long a limiter that did not answer is not asked again.
const REST: Duration = Duration::from_secs(1);

/// One of how many that share a budget: as many as there are servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(pub NonZeroU32);

/// What is done with asks of a class while the limiter is down; the later the stricter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WhenDown {
    /// They pass, uncounted.
    Open,
    /// They pass as long as a part of their budget lasts, which is kept here.
    LocalBudget(Share),
    /// They do not pass.
    Closed,
}

/// What is done for each class. There is no default: whoever limits has to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policies {
    /// For looking.
    pub reads: WhenDown,
    /// For what changes something or is paid for.
    pub writes: WhenDown,
    /// For devices that link up.
    pub links: WhenDown,
    /// For whoever has not said who they are.
    pub strangers: WhenDown,
}

impl Policies {
    /// The one for a class.
    #[must_use]
    pub const fn of(&self, class: Class) -> WhenDown {
        match class {
            Class::Reads => self.reads,
            Class::Writes => self.writes,
            Class::Links => self.links,
            Class::Strangers => self.strangers,
        }
    }
}

/// A limiter that may be down.
#[derive(Debug)]
pub struct Guarded {
    inner: Arc<dyn RateLimiter>,
    policies: Policies,
    local: MemoryLimiter,
    clock: Arc<dyn Clock>,
    /// Until when it is not asked again, in milliseconds since 1970.
    rests_until: AtomicU64,
    degraded: AtomicU64,
}

impl Guarded {
    /// Guards a limiter; what is kept here lives by this clock.
    #[must_use]
    pub fn new(inner: Arc<dyn RateLimiter>, policies: Policies, clock: Arc<dyn Clock>) -> Self {
        let local = MemoryLimiter::new(Arc::clone(&clock));
        let (rests_until, degraded) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { inner, policies, local, clock, rests_until, degraded }
    }

    /// How often the limiter was down when it was needed.
    #[must_use]
    pub fn degraded(&self) -> u64 {
        self.degraded.load(Ordering::Relaxed)
    }

    /// Whether it is left alone. Of many who come when that is over, one asks it.
    fn rests(&self) -> bool {
        let now = self.clock.now();
        let until = self.rests_until.load(Ordering::Relaxed);
        if until == 0 {
            return false;
        }
        if Timestamp(until) > now {
            return true;
        }
        let next = now.after(REST).0;
        let taken = &self.rests_until;
        taken.compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed).is_err()
    }

    fn fall_back(&self, owner: &LimitKey, asks: &[Ask<'_>]) -> Result<Decision, LimiterError> {
        let policy = asks.iter().map(|ask| self.policies.of(ask.limit.class())).max();
        Ok(Decision::Degraded(match policy {
            None | Some(WhenDown::Open) => Fallback::Opened,
            Some(WhenDown::Closed) => Fallback::Closed,
            Some(WhenDown::LocalBudget(Share(of))) => {
                let limits: Vec<Limit> = asks.iter().map(|ask| ask.limit.share(of.get())).collect();
                let asks: Vec<Ask<'_>> =
                    asks.iter().zip(&limits).map(|(ask, limit)| Ask { limit, ..*ask }).collect();
                match self.local.check_now(owner, &asks)? {
                    Decision::Allow(standing) => Fallback::Allowed(standing),
                    Decision::Deny { by, retry_after } => Fallback::Denied { by, retry_after },
                    Decision::Degraded(fallback) => fallback,
                }
            }
        }))
    }
}

#[async_trait::async_trait]
impl RateLimiter for Guarded {
    async fn check(&self, owner: &LimitKey, asks: &[Ask<'_>]) -> Result<Decision, LimiterError> {
        if self.rests() {
            // What can never pass is known without asking.
            for ask in asks {
                ask.limit.admit(0, 0, ask.quantity)?;
            }
            self.degraded.fetch_add(1, Ordering::Relaxed);
            return self.fall_back(owner, asks);
        }
        let error = match tokio::time::timeout(DEADLINE, self.inner.check(owner, asks)).await {
            Ok(Err(error @ LimiterError::Backend { .. })) => error.to_string(),
            Err(late) => late.to_string(),
            Ok(said) => {
                self.rests_until.store(0, Ordering::Relaxed);
                return said;
            }
        };
        self.rests_until.store(self.clock.now().after(REST).0, Ordering::Relaxed);
        let before = self.degraded.fetch_add(1, Ordering::Relaxed);
        // The first and then every power of two: a limiter that is down must not fill the log.
        if (before + 1).is_power_of_two() {
            tracing::warn!(times = before + 1, %error, "the limiter is down; falling back");
        }
        self.fall_back(owner, asks)
    }
}
