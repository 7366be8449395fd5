//! A [`RateLimiter`] that many processes share.
//!
//! One script decides about everything that is asked at once, by the clock of the server, and
//! writes only when all of it passes. Everything of an owner is in one hash slot. What has
//! been given back in full expires by itself.

use super::RedisLimits;
use d1_core::{Admission, Ask, Decision, LimitKey, LimiterError, RateLimiter, decide};
use redis::Script;
use std::{sync::Arc, time::Duration};

/// A [`RateLimiter`] that many processes share.
#[derive(Clone, Debug)]
pub struct RedisLimiter {
    server: RedisLimits,
    check: Arc<Script>,
}

impl RedisLimiter {
    pub(super) fn new(server: RedisLimits) -> Self {
        Self { server, check: Arc::new(Script::new(include_str!("check.lua"))) }
    }
}

#[async_trait::async_trait]
impl RateLimiter for RedisLimiter {
    async fn check(&self, owner: &LimitKey, asks: &[Ask<'_>]) -> Result<Decision, LimiterError> {
        if asks.is_empty() {
            return Ok(Decision::Allow(None));
        }
        let mut script = self.check.prepare_invoke();
        for ask in asks {
            // The law knows what never passes, and a clock has nothing to do with that.
            ask.limit.admit(0, 0, ask.quantity)?;
            let name = ask.limit.name();
            script.key(match ask.part {
                Some(part) => format!("d1:limit:{{{owner}}} {name} {part}"),
                None => format!("d1:limit:{{{owner}}} {name}"),
            });
            script.arg(ask.limit.interval()).arg(ask.limit.tolerance()).arg(ask.quantity);
        }
        let said: Vec<u64> = self.server.run(&script).await?;
        let (threes, _) = said.as_chunks::<3>();
        let limits = asks.iter().map(|ask| ask.limit);
        Ok(decide(limits.zip(threes).map(|(limit, [passes, ahead, wait])| {
            let left = limit.tolerance().saturating_sub(*ahead) / limit.interval();
            let admission = Admission {
                passes: *passes == 1,
                tat: *ahead,
                remaining: u32::try_from(left).unwrap_or(u32::MAX),
                reset_after: Duration::from_micros(*ahead),
                retry_after: Duration::from_micros(*wait),
            };
            (limit.clone(), admission)
        })))
    }
}
