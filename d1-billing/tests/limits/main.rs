//! Limits: in Redis, behind a guard, and with a server that is paused, killed or of no use.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

mod down;
mod exam;
#[expect(unreachable_pub, reason = "other crates share it as a part of the world")]
#[path = "../../../tests/world/redis.rs"]
mod redis;
mod shared;

use d1_billing::{Policies, WhenDown};
use d1_core::{Ask, Class, Decision, Limit, LimitKey, RateLimiter};
use std::time::Duration;

/// So long that nothing is given back during a test.
const DAY: Duration = Duration::from_secs(86_400);

/// What lets nobody through by mistake: every way of falling back shows.
const CLOSED: Policies = Policies {
    reads: WhenDown::Closed,
    writes: WhenDown::Closed,
    links: WhenDown::Closed,
    strangers: WhenDown::Closed,
};

fn key(text: &str) -> LimitKey {
    text.parse().unwrap()
}

/// A limit of this class, by its name.
fn limit(class: Class, burst: u32) -> Limit {
    Limit::new(key(&format!("{class:?}")), class, burst, DAY).unwrap()
}

async fn ask(limiter: &dyn RateLimiter, limit: &Limit) -> Decision {
    limiter.check(&key("anna"), &[Ask::one(limit)]).await.unwrap()
}
