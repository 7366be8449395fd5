//! The laws of [`RateLimiter`].

use super::{Laws, Pass, patiently, samples::RACERS};
use crate::{Ask, Class, Decision, Limit, LimitKey, LimiterError, RateLimiter, Standing};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::task::JoinSet;

/// So long that nothing is given back while a law is proven.
const LONG: Duration = Duration::from_secs(24 * 3_600);
/// So short that it can be waited for, as some limiters cannot be hurried.
const SHORT: Duration = Duration::from_millis(200);

/// A limiter, and a way to let time pass for it.
pub struct Limiting {
    /// The limiter.
    pub limiter: Arc<dyn RateLimiter>,
    /// Lets so much time pass, at least.
    pub pass: Pass,
}

/// Checks every law of [`RateLimiter`], each on a fresh one from `make`.
pub async fn rate_limiter<F, L>(make: F)
where
    F: Fn() -> L,
    L: Future<Output = Limiting>,
{
    let mut laws = Laws::default();
    laws.check("exactly_the_burst_passes", patiently(burst(make().await))).await;
    laws.check("of_many_who_race_exactly_the_burst_passes", patiently(racing(make().await))).await;
    laws.check("a_refusal_takes_nothing_from_other_limits", patiently(whole(make().await))).await;
    laws.check("asking_twice_in_one_check_counts_twice", patiently(twice(make().await))).await;
    laws.check("whoever_waits_as_told_passes", patiently(waiting(make().await))).await;
    laws.check("more_than_the_burst_never_passes", patiently(never(make().await))).await;
    laws.check("nobody_uses_up_what_others_have", patiently(apart(make().await))).await;
    laws.check("a_look_takes_nothing", patiently(look(make().await))).await;
    laws.check("a_changed_limit_holds_at_once", patiently(changed(make().await))).await;
    laws.all_hold();
}

fn key(text: &str) -> LimitKey {
    text.parse().unwrap()
}

fn limit(name: &str, burst: u32, per: Duration) -> Limit {
    Limit::new(key(name), Class::Writes, burst, per).unwrap()
}

/// How many are left after an ask that has to pass.
async fn passes(port: &Arc<dyn RateLimiter>, owner: &LimitKey, asks: &[Ask<'_>]) -> u32 {
    match port.check(owner, asks).await.unwrap() {
        Decision::Allow(Some(Standing { remaining, .. })) => remaining,
        other @ (Decision::Allow(None) | Decision::Deny { .. } | Decision::Degraded(_)) => {
            panic!("{asks:?} did not pass: {other:?}")
        }
    }
}

/// By which limit, and for how long, an ask that must not pass is refused.
async fn refused(
    port: &Arc<dyn RateLimiter>,
    owner: &LimitKey,
    asks: &[Ask<'_>],
) -> (LimitKey, Duration) {
    match port.check(owner, asks).await.unwrap() {
        Decision::Deny { by, retry_after } => (by.limit.name().clone(), retry_after),
        other @ (Decision::Allow(_) | Decision::Degraded(_)) => {
            panic!("{asks:?} was not refused: {other:?}")
        }
    }
}

async fn burst(Limiting { limiter, .. }: Limiting) {
    let (owner, limit) = (key("anna"), limit("writes", 5, LONG));
    for left in (0..5).rev() {
        assert_eq!(passes(&limiter, &owner, &[Ask::one(&limit)]).await, left);
    }
    let (by, wait) = refused(&limiter, &owner, &[Ask::one(&limit)]).await;
    assert_eq!(&by, limit.name());
    assert!(!wait.is_zero() && wait <= LONG / 5, "{wait:?}");
    assert_eq!(limiter.check(&owner, &[]).await.unwrap(), Decision::Allow(None));
}

async fn racing(Limiting { limiter, .. }: Limiting) {
    let (owner, limit) = (key("anna"), Arc::new(limit("writes", 20, LONG)));
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let (limiter, owner, limit) = (Arc::clone(&limiter), owner.clone(), Arc::clone(&limit));
        racers.spawn(async move {
            let mut passed = 0;
            for _ in 0..5 {
                let said = limiter.check(&owner, &[Ask::one(&limit)]).await.unwrap();
                passed += u32::from(matches!(said, Decision::Allow(_)));
            }
            passed
        });
    }
    assert_eq!(racers.join_all().await.into_iter().sum::<u32>(), 20);
}

async fn whole(Limiting { limiter, .. }: Limiting) {
    let (owner, wide, tight) = (key("anna"), limit("reads", 9, LONG), limit("writes", 1, LONG));
    let (wide, tight) = (Ask::one(&wide), Ask::one(&tight));
    assert_eq!(passes(&limiter, &owner, &[wide, tight]).await, 0);
    for asks in [[wide, tight], [tight, wide]] {
        assert_eq!(refused(&limiter, &owner, &asks).await.0, key("writes"));
    }
    assert_eq!(passes(&limiter, &owner, &[wide]).await, 7);
}

async fn twice(Limiting { limiter, .. }: Limiting) {
    let (owner, limit) = (key("anna"), limit("writes", 3, LONG));
    let two = [Ask::one(&limit), Ask::one(&limit)];
    assert_eq!(passes(&limiter, &owner, &two).await, 1);
    refused(&limiter, &owner, &two).await;
    assert_eq!(passes(&limiter, &owner, &[Ask::one(&limit)]).await, 0);
}

async fn waiting(Limiting { limiter, pass }: Limiting) {
    let (owner, limit) = (key("anna"), limit("writes", 2, SHORT));
    let all = Ask { quantity: 2, ..Ask::one(&limit) };
    passes(&limiter, &owner, &[all]).await;
    for _ in 0..3 {
        // Between two words a slow machine may have given all of it back.
        if let Decision::Deny { retry_after, .. } = limiter.check(&owner, &[all]).await.unwrap() {
            pass(retry_after).await;
            passes(&limiter, &owner, &[all]).await;
        }
    }
}

async fn never(Limiting { limiter, .. }: Limiting) {
    let (owner, limit) = (key("anna"), limit("writes", 3, LONG));
    for quantity in [4, u32::MAX] {
        let said = limiter.check(&owner, &[Ask { quantity, ..Ask::one(&limit) }]).await;
        assert!(matches!(said, Err(LimiterError::Never { .. })), "{said:?}");
    }
    assert_eq!(passes(&limiter, &owner, &[Ask { quantity: 3, ..Ask::one(&limit) }]).await, 0);
}

async fn apart(Limiting { limiter, .. }: Limiting) {
    let (one, other) = (limit("writes", 1, LONG), limit("reads", 1, LONG));
    let (left, right) = (key("left"), key("right"));
    for owner in [key("anna"), key("bert")] {
        for limit in [&one, &other] {
            for part in [None, Some(&left), Some(&right)] {
                let ask = [Ask { part, ..Ask::one(limit) }];
                assert_eq!(passes(&limiter, &owner, &ask).await, 0);
                refused(&limiter, &owner, &ask).await;
            }
        }
    }
}

async fn look(Limiting { limiter, .. }: Limiting) {
    let (owner, limit) = (key("anna"), limit("writes", 2, LONG));
    let look = [Ask { quantity: 0, ..Ask::one(&limit) }];
    assert_eq!(passes(&limiter, &owner, &look).await, 2);
    assert_eq!(passes(&limiter, &owner, &look).await, 2);
    assert_eq!(passes(&limiter, &owner, &[Ask::one(&limit)]).await, 1);
    assert_eq!(passes(&limiter, &owner, &look).await, 1);
}

async fn changed(Limiting { limiter, pass }: Limiting) {
    let (owner, before, after) = (key("anna"), limit("writes", 4, LONG), limit("writes", 2, SHORT));
    passes(&limiter, &owner, &[Ask { quantity: 4, ..Ask::one(&before) }]).await;
    let (_, wait) = refused(&limiter, &owner, &[Ask::one(&before)]).await;
    assert!(wait > SHORT);
    let said = limiter.check(&owner, &[Ask::one(&after)]).await.unwrap();
    if let Decision::Deny { retry_after, .. } = said {
        assert!(retry_after <= SHORT, "{retry_after:?}");
        pass(SHORT).await;
        passes(&limiter, &owner, &[Ask::one(&after)]).await;
    }
}
