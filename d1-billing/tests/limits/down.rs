//! Servers that are paused, killed, read-only or forgetful.

use crate::{CLOSED, ask, limit, redis::Redis};
use d1_billing::{Guarded, Policies, RedisLimits, Share, WhenDown};
use d1_core::{
    Ask, Class, Decision, Fallback, LimitKey, LimiterError, RateLimiter, SystemClock,
    memory::ManualClock,
};
use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

fn guard(server: &Redis, policies: Policies) -> Guarded {
    let limiter = Arc::new(RedisLimits::open(&server.url()).unwrap().limiter());
    Guarded::new(limiter, policies, Arc::new(SystemClock::new()))
}

/// Asks until the server is asked again, which takes as long as a connection does.
async fn until_it_is_back(guard: &Guarded) -> Decision {
    let limit = limit(Class::Strangers, 1_000_000);
    loop {
        match ask(guard, &limit).await {
            Decision::Degraded(_) => tokio::task::yield_now().await,
            said @ (Decision::Allow(_) | Decision::Deny { .. }) => return said,
        }
    }
}

/// How every class is told while the server is down.
async fn each_class_falls_back_as_declared(guard: &Guarded) {
    let before = guard.degraded();
    let opened = ask(guard, &limit(Class::Reads, 1)).await;
    assert_eq!(opened, Decision::Degraded(Fallback::Opened));
    assert_eq!(ask(guard, &limit(Class::Links, 1)).await, Decision::Degraded(Fallback::Closed));
    // Two of six are the share of one of three servers.
    let writes = limit(Class::Writes, 6);
    for left in [1, 0] {
        let said = ask(guard, &writes).await;
        let Decision::Degraded(Fallback::Allowed(Some(it))) = said else { panic!("{said:?}") };
        assert_eq!(it.remaining, left);
    }
    let said = ask(guard, &writes).await;
    assert!(matches!(said, Decision::Degraded(Fallback::Denied { .. })), "{said:?}");
    // The strictest of what is asked together decides.
    let (reads, links) = (limit(Class::Reads, 9), limit(Class::Links, 9));
    let owner: LimitKey = "anna".parse().unwrap();
    let said = guard.check(&owner, &[Ask::one(&reads), Ask::one(&links)]).await.unwrap();
    assert_eq!(said, Decision::Degraded(Fallback::Closed));
    assert_eq!(guard.degraded() - before, 6);
}

fn declared() -> Policies {
    Policies {
        reads: WhenDown::Open,
        writes: WhenDown::LocalBudget(Share(NonZeroU32::new(3).unwrap())),
        links: WhenDown::Closed,
        strangers: WhenDown::Closed,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_is_fallen_back_from_and_come_back_to() {
    let mut server = Redis::start();
    let guard = guard(&server, declared());
    assert!(matches!(until_it_is_back(&guard).await, Decision::Allow(_)));
    server.kill();
    each_class_falls_back_as_declared(&guard).await;
    server.run();
    assert!(matches!(until_it_is_back(&guard).await, Decision::Allow(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_paused_is_not_waited_for() {
    let server = Redis::start();
    let guard = guard(&server, declared());
    assert!(matches!(until_it_is_back(&guard).await, Decision::Allow(_)));
    server.pause();
    each_class_falls_back_as_declared(&guard).await;
    server.go_on();
    assert!(matches!(until_it_is_back(&guard).await, Decision::Allow(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_may_only_be_read_lets_nobody_through_by_itself() {
    let server = Redis::start();
    let guard = guard(&server, declared());
    assert!(matches!(until_it_is_back(&guard).await, Decision::Allow(_)));
    // A replica of nobody: it answers every write with READONLY.
    assert_eq!(server.ask(&["REPLICAOF", "127.0.0.1", "1"]), "OK");
    each_class_falls_back_as_declared(&guard).await;
    assert_eq!(server.ask(&["REPLICAOF", "NO", "ONE"]), "OK");
    assert!(matches!(until_it_is_back(&guard).await, Decision::Allow(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_forgot_the_script_is_given_it_again_unnoticed() {
    let server = Redis::start();
    let guard = guard(&server, CLOSED);
    until_it_is_back(&guard).await;
    let (before, limit) = (guard.degraded(), limit(Class::Writes, 20));
    for left in (0..20).rev() {
        assert_eq!(server.ask(&["SCRIPT", "FLUSH"]), "OK");
        let said = ask(&guard, &limit).await;
        let Decision::Allow(Some(standing)) = said else { panic!("{said:?}") };
        assert_eq!(standing.remaining, left);
    }
    assert_eq!(guard.degraded(), before);
}

/// A limiter that is down until it is mended, and counts how often it is asked.
#[derive(Debug, Default)]
struct Broken {
    asked: AtomicU32,
    mended: AtomicBool,
}

#[async_trait::async_trait]
impl RateLimiter for Broken {
    async fn check(&self, _: &LimitKey, _: &[Ask<'_>]) -> Result<Decision, LimiterError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.mended.load(Ordering::SeqCst) {
            return Ok(Decision::Allow(None));
        }
        let source = "nobody answers".into();
        Err(LimiterError::Backend { doing: "count", source })
    }
}

#[tokio::test]
async fn a_limiter_that_is_down_is_asked_once_a_second_and_by_one() {
    let (broken, clock) = (Arc::new(Broken::default()), Arc::new(ManualClock::default()));
    let guard = Guarded::new(broken.clone(), declared(), clock.clone());
    let (limit, asked) = (limit(Class::Reads, 1), || broken.asked.load(Ordering::SeqCst));
    for second in 1..=3 {
        for _ in 0..100 {
            let said = ask(&guard, &limit).await;
            assert_eq!(said, Decision::Degraded(Fallback::Opened));
        }
        assert_eq!((asked(), guard.degraded()), (second, u64::from(second) * 100));
        clock.advance(Duration::from_millis(1_000));
    }
    broken.mended.store(true, Ordering::SeqCst);
    for _ in 0..100 {
        assert_eq!(ask(&guard, &limit).await, Decision::Allow(None));
    }
    assert_eq!((asked(), guard.degraded()), (103, 300));
}

#[tokio::test]
async fn what_never_passes_is_told_as_that_when_the_server_is_down() {
    let mut server = Redis::start();
    server.kill();
    let (limit, owner) = (limit(Class::Writes, 3), "anna".parse().unwrap());
    let guard = guard(&server, declared());
    let too_many = [Ask { quantity: 4, ..Ask::one(&limit) }];
    for _ in 0..2 {
        let said = guard.check(&owner, &too_many).await;
        assert!(matches!(said, Err(LimiterError::Never { .. })), "{said:?}");
        // From here on it is left alone.
        assert!(matches!(ask(&guard, &limit).await, Decision::Degraded(_)));
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_at_once() {
    assert!(RedisLimits::open("postgres://localhost").is_err());
}
