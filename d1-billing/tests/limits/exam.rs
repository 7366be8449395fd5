//! Redis and the guard sit the exams.

use crate::{CLOSED, redis::Redis};
use d1_billing::{Guarded, MemoryLimiter, RedisLimits};
use d1_core::{
    SystemClock,
    conformance::{self, Limiting, Pass, Passing, Renting},
};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// The time of a server cannot be moved; the laws wait for little of it.
fn real_time() -> Pass {
    Arc::new(|wait| Box::pin(tokio::time::sleep(wait)) as Passing)
}

/// A new and empty database of the server; it has sixteen.
fn fresh(server: &Redis, made: &AtomicU32) -> RedisLimits {
    let url = format!("{}?db={}", server.url(), made.fetch_add(1, Ordering::SeqCst));
    RedisLimits::open(&url).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_obeys_every_law_of_limiters() {
    let (server, made) = (Redis::start(), AtomicU32::new(0));
    let make = async || {
        let limiter = Arc::new(fresh(&server, &made).limiter());
        Limiting { limiter, pass: real_time() }
    };
    conformance::rate_limiter(make).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_obeys_every_law_of_leases() {
    let (server, made) = (Redis::start(), AtomicU32::new(0));
    let make = async || {
        let leases = Arc::new(fresh(&server, &made).leases());
        Renting { leases, pass: real_time() }
    };
    conformance::leases(make).await;
}

#[tokio::test(start_paused = true)]
async fn a_guard_obeys_every_law_of_limiters() {
    let make = async || {
        let clock = Arc::new(SystemClock::new());
        let inner = Arc::new(MemoryLimiter::new(clock.clone()));
        Limiting { limiter: Arc::new(Guarded::new(inner, CLOSED, clock)), pass: real_time() }
    };
    conformance::rate_limiter(make).await;
}
