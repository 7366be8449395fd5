//! The [`RateLimiter`] port: how much of something somebody may do in a time.

use crate::{Limit, LimitKey};
use std::{error::Error, fmt, time::Duration};

/// One thing that is asked of a limiter.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// By which limit.
    pub limit: &'a Limit,
    /// Which part of the owner is limited: a device, for example; `None` is all of it.
    pub part: Option<&'a LimitKey>,
    /// How much of it; none is a look.
    pub quantity: u32,
}

impl<'a> Ask<'a> {
    /// One, of the owner as a whole.
    #[must_use]
    pub const fn one(limit: &'a Limit) -> Self {
        Self { limit, part: None, quantity: 1 }
    }
}

/// How somebody stands with a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// With which.
    pub limit: Limit,
    /// How many more would pass now.
    pub remaining: u32,
    /// When everything is given back.
    pub reset_after: Duration,
}

/// What a limiter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It passes, and was taken. How it stands with the limit of which the least is left;
    /// `None` when nothing was asked.
    Allow(Option<Standing>),
    /// It does not pass, and nothing was taken.
    Deny {
        /// The limit with the longest wait.
        by: Standing,
        /// When it would pass.
        retry_after: Duration,
    },
    /// The limiter is down, and what was declared for that case was done.
    Degraded(Fallback),
}

/// What was done while a limiter was down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// Let through, uncounted.
    Opened,
    /// Refused.
    Closed,
    /// Let through from a part of the budget that is kept here.
    Allowed(Option<Standing>),
    /// Refused, as that part is used up.
    Denied {
        /// The limit with the longest wait.
        by: Standing,
        /// When it would pass.
        retry_after: Duration,
    },
}

/// Why a limiter cannot say.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LimiterError {
    /// Waiting would not help.
    #[error("{quantity} at once is more than limit `{name}` ever lets through; ask for at most {burst}", name = limit.name(), burst = limit.burst())]
    Never {
        /// By which limit.
        limit: Limit,
        /// How many were asked for.
        quantity: u32,
    },
    /// Where it counts is in trouble. Nothing is known to be taken.
    #[error("the limiter could not {doing}; see that its server is there")]
    Backend {
        /// What it was doing.
        doing: &'static str,
        /// What went wrong.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Lets no more through than limits allow.
///
/// A check over several limits takes from all of them or from none. Of many who race, just as
/// many pass as the burst. Whoever waits as long as told, and asks alone, passes. Owners,
/// their parts and limits of different names do not disturb each other. A limit that is
/// changed holds at once: nobody waits longer than the new one would have them wait.
#[async_trait::async_trait]
pub trait RateLimiter: fmt::Debug + Send + Sync {
    /// Whether the owner may do all that is asked, which is then taken.
    async fn check(&self, owner: &LimitKey, asks: &[Ask<'_>]) -> Result<Decision, LimiterError>;
}

/// Decides about several limits by what each of them says: all pass, or none is taken.
#[must_use]
pub fn decide(said: impl IntoIterator<Item = (Limit, crate::Admission)>) -> Decision {
    let mut tightest: Option<Standing> = None;
    let mut longest: Option<(Standing, Duration)> = None;
    for (limit, said) in said {
        let (remaining, reset_after) = (said.remaining, said.reset_after);
        let standing = Standing { limit, remaining, reset_after };
        if !said.passes {
            if longest.as_ref().is_none_or(|(_, wait)| said.retry_after > *wait) {
                longest = Some((standing, said.retry_after));
            }
        } else if tightest.as_ref().is_none_or(|it| remaining < it.remaining) {
            tightest = Some(standing);
        }
    }
    match longest {
        Some((by, retry_after)) => Decision::Deny { by, retry_after },
        None => Decision::Allow(tightest),
    }
}
