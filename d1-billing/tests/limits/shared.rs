//! Many processes at one server.

use crate::{DAY, ask, key, limit, redis::Redis};
use d1_billing::RedisLimits;
use d1_core::{Ask, Class, Decision, Leases as _, RateLimiter as _};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn of_two_thousand_at_two_processes_exactly_a_burst_passes() {
    let server = Redis::start();
    let limit = Arc::new(limit(Class::Writes, 100));
    let ends = [(); 2].map(|()| RedisLimits::open(&server.url()).unwrap().limiter());
    let mut racers = JoinSet::new();
    for racer in 0..2_000 {
        let (limiter, limit) = (ends[racer % 2].clone(), Arc::clone(&limit));
        racers.spawn(async move { ask(&limiter, &limit).await });
    }
    let said = racers.join_all().await;
    assert_eq!(said.iter().filter(|said| matches!(said, Decision::Allow(_))).count(), 100);
}

#[tokio::test]
async fn all_of_an_owner_is_in_one_slot_and_ends_by_itself() {
    let server = Redis::start();
    let limits = RedisLimits::open(&server.url()).unwrap();
    let (one, part) = (limit(Class::Writes, 2), key("device"));
    let asks = [Ask::one(&one), Ask { part: Some(&part), ..Ask::one(&one) }];
    limits.limiter().check(&key("anna"), &asks).await.unwrap();
    limits.leases().take(&key("anna"), &key("streams"), 1, DAY).await.unwrap().unwrap();
    let keys = server.ask(&["KEYS", "*"]);
    assert_eq!(keys.lines().count(), 3, "{keys}");
    for name in keys.lines() {
        assert!(name.contains("{anna}"), "{name}");
        let left: i64 = server.ask(&["PTTL", name]).parse().unwrap();
        assert!(left > 0 && Duration::from_millis(left.unsigned_abs()) <= DAY, "{name}: {left}");
    }
}

#[tokio::test]
async fn a_refusal_leaves_no_trace_in_the_server() {
    let server = Redis::start();
    let limiter = RedisLimits::open(&server.url()).unwrap().limiter();
    let (tight, wide) = (limit(Class::Writes, 1), limit(Class::Reads, 9).share(1));
    let part = key("wide");
    ask(&limiter, &tight).await;
    let before = server.ask(&["KEYS", "*"]);
    let asks = [Ask { part: Some(&part), ..Ask::one(&wide) }, Ask::one(&tight)];
    let said = limiter.check(&key("anna"), &asks).await.unwrap();
    assert!(matches!(said, Decision::Deny { .. }), "{said:?}");
    assert_eq!(server.ask(&["KEYS", "*"]), before);
}
