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
            script.arg(taken(ask)).arg(ask.limit.tolerance());
        }
        let said: Vec<i64> = self.server.run(&script).await?;
        Ok(decide(asks.iter().zip(said).map(|(ask, said)| (ask.limit.clone(), told(ask, said)))))
    }
}

/// What an ask takes, in microseconds.
fn taken(ask: &Ask<'_>) -> u64 {
    ask.limit.interval().saturating_mul(u64::from(ask.quantity))
}

/// What the script's number says to an ask: how far ahead it is when it passes, how long it
/// waits, below zero, when it does not.
fn told(ask: &Ask<'_>, said: i64) -> Admission {
    let most = ask.limit.tolerance();
    let wait = if said < 0 { said.unsigned_abs() } else { 0 };
    let ahead = u64::try_from(said).unwrap_or_else(|_| (most + wait).saturating_sub(taken(ask)));
    let left = most.saturating_sub(ahead) / ask.limit.interval();
    Admission {
        passes: said >= 0,
        tat: ahead,
        remaining: u32::try_from(left).unwrap_or(u32::MAX),
        reset_after: Duration::from_micros(ahead),
        retry_after: Duration::from_micros(wait),
    }
}
