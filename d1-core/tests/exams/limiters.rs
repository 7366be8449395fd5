//! Limiters and leases: those in memory, and ones with one flaw each.

use crate::broken_laws;
use d1_core::{
    Ask, Class, Clock, Decision, Lease, Leases, Limit, LimitKey, LimiterError, RateLimiter,
    Timestamp,
    conformance::{self, Limiting, Pass, Passing, Renting},
    decide,
    memory::{ManualClock, MemoryLeases, MemoryLimiter},
};
use proptest::prelude::*;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

fn by_hand() -> (Arc<ManualClock>, Pass) {
    let clock = Arc::new(ManualClock::starting_at(Timestamp(1_000_000)));
    let moved = Arc::clone(&clock);
    let pass = move |wait: Duration| {
        // This clock counts milliseconds, and so much time has to have passed at least.
        moved.advance(wait + Duration::from_micros(999));
        Box::pin(tokio::task::yield_now()) as Passing
    };
    (clock, Arc::new(pass))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limiter_in_memory_obeys_every_law() {
    let make = || async {
        let (clock, pass) = by_hand();
        Limiting { limiter: Arc::new(MemoryLimiter::new(clock)), pass }
    };
    conformance::rate_limiter(make).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_leases_in_memory_obey_every_law() {
    let make = || async {
        let (clock, pass) = by_hand();
        Renting { leases: Arc::new(MemoryLeases::new(clock)), pass }
    };
    conformance::leases(make).await;
}

/// What is wrong with a limiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    LetsOneMoreThrough,
    LooksThenTakes,
    TakesBeforeItRefuses,
    ForgetsTheFirstOfTwo,
    SaysTooShortAWait,
    LetsWaitForEver,
    HasOnePurse,
    TakesForALook,
    KeepsToTheOldLimit,
    KeepsWhatIsTooFarAhead,
}

use Flaw as F;

/// Each flaw, and the laws that it breaks.
const CASES: [(F, &[&str]); 10] = [
    (
        F::LetsOneMoreThrough,
        &[
            "exactly_the_burst_passes",
            "of_many_who_race_exactly_the_burst_passes",
            "a_refusal_takes_nothing_from_other_limits",
            "asking_twice_in_one_check_counts_twice",
            "more_than_the_burst_never_passes",
            "nobody_uses_up_what_others_have",
            "a_look_takes_nothing",
            "a_changed_limit_holds_at_once",
        ],
    ),
    (F::LooksThenTakes, &["of_many_who_race_exactly_the_burst_passes"]),
    (
        F::TakesBeforeItRefuses,
        &[
            "a_refusal_takes_nothing_from_other_limits",
            "asking_twice_in_one_check_counts_twice",
            "a_changed_limit_holds_at_once",
        ],
    ),
    (F::ForgetsTheFirstOfTwo, &["asking_twice_in_one_check_counts_twice"]),
    (F::SaysTooShortAWait, &["whoever_waits_as_told_passes"]),
    (F::LetsWaitForEver, &["more_than_the_burst_never_passes"]),
    (F::HasOnePurse, &["nobody_uses_up_what_others_have"]),
    (F::TakesForALook, &["a_look_takes_nothing"]),
    (F::KeepsToTheOldLimit, &["a_changed_limit_holds_at_once"]),
    (F::KeepsWhatIsTooFarAhead, &["a_changed_limit_holds_at_once"]),
];

#[tokio::test]
async fn a_broken_limiter_fails_its_exam_by_the_right_laws() {
    let mut found = Vec::new();
    for (flaw, _) in CASES {
        let make = || async move {
            let (clock, pass) = by_hand();
            let limiter = FlawedLimiter { flaw, clock, taken: Mutex::default() };
            Limiting { limiter: Arc::new(limiter), pass }
        };
        found.push((flaw, broken_laws(conformance::rate_limiter(make)).await));
    }
    assert_eq!(
        found,
        CASES.map(|(flaw, laws)| (
            flaw,
            laws.iter().map(|law| (*law).to_owned()).collect::<Vec<_>>()
        ))
    );
}

/// The same limit for one more at once.
fn one_more(limit: &Limit) -> Limit {
    let per = limit.per() + Duration::from_micros(limit.interval());
    Limit::new(limit.name().clone(), limit.class(), limit.burst() + 1, per).unwrap()
}

type Key = (LimitKey, LimitKey, Option<LimitKey>);

#[derive(Debug)]
struct FlawedLimiter {
    flaw: Flaw,
    clock: Arc<ManualClock>,
    /// What is remembered, and by which limit it was taken.
    taken: Mutex<HashMap<Key, (u64, Limit)>>,
}

impl FlawedLimiter {
    fn key(&self, owner: &LimitKey, ask: &Ask<'_>) -> Key {
        let owner =
            if self.flaw == F::HasOnePurse { "purse".parse().unwrap() } else { owner.clone() };
        (owner, ask.limit.name().clone(), ask.part.cloned())
    }
}

#[async_trait::async_trait]
impl RateLimiter for FlawedLimiter {
    async fn check(&self, owner: &LimitKey, asks: &[Ask<'_>]) -> Result<Decision, LimiterError> {
        let now = self.clock.now().0 * 1_000;
        let mut seen = self.taken.lock().unwrap().clone();
        let before = seen.clone();
        let mut said = Vec::new();
        for ask in asks {
            let key = self.key(owner, ask);
            let book = if self.flaw == F::ForgetsTheFirstOfTwo { &before } else { &seen };
            let known = book.get(&key).cloned();
            let tat = known.as_ref().map(|(tat, _)| *tat).unwrap_or_default();
            let old = known.map(|(_, limit)| limit).filter(|_| self.flaw == F::KeepsToTheOldLimit);
            let mut limit = old.unwrap_or_else(|| ask.limit.clone());
            let mut quantity = ask.quantity;
            match self.flaw {
                F::LetsOneMoreThrough => limit = one_more(&limit),
                F::LetsWaitForEver => quantity = quantity.min(limit.burst()),
                F::TakesForALook => quantity = quantity.max(1),
                _ => {}
            }
            let mut admission = limit.admit(tat, now, quantity)?;
            if self.flaw == F::SaysTooShortAWait {
                admission.retry_after /= 2;
            }
            if self.flaw != F::KeepsWhatIsTooFarAhead
                && let Some((known, _)) = self.taken.lock().unwrap().get_mut(&key)
            {
                *known = limit.furthest(now).min(*known);
            }
            if admission.passes && quantity > 0 {
                seen.insert(key, (admission.tat, limit));
            }
            said.push((ask.limit.clone(), admission));
        }
        if self.flaw == F::LooksThenTakes {
            tokio::task::yield_now().await;
        }
        let decision = decide(said);
        if matches!(decision, Decision::Allow(_)) || self.flaw == F::TakesBeforeItRefuses {
            *self.taken.lock().unwrap() = seen;
        }
        Ok(decision)
    }
}

/// What is wrong with leases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slip {
    Counts,
    LooksThenTakes,
    NeverEnds,
    DoesNotRenew,
}

#[tokio::test]
async fn broken_leases_fail_their_exam_by_the_right_laws() {
    let cases: [(Slip, &[&str]); 4] = [
        (Slip::Counts, &["what_is_given_back_is_free_once", "silence_frees"]),
        (Slip::LooksThenTakes, &["of_many_who_race_only_the_most_get_one"]),
        (Slip::NeverEnds, &["silence_frees"]),
        (Slip::DoesNotRenew, &["a_renewed_lease_goes_on"]),
    ];
    for (slip, expected) in cases {
        let make = || async move {
            let (clock, pass) = by_hand();
            let leases =
                FlawedLeases { slip, inner: MemoryLeases::new(clock), given: Mutex::default() };
            Renting { leases: Arc::new(leases), pass }
        };
        assert_eq!(broken_laws(conformance::leases(make)).await, expected, "{slip:?}");
    }
}

#[derive(Debug)]
struct FlawedLeases {
    slip: Slip,
    inner: MemoryLeases,
    /// How many were given back beyond what was there.
    given: Mutex<u32>,
}

#[async_trait::async_trait]
impl Leases for FlawedLeases {
    async fn take(
        &self,
        owner: &LimitKey,
        thing: &LimitKey,
        most: u32,
        ttl: Duration,
    ) -> Result<Option<Lease>, LimiterError> {
        match self.slip {
            Slip::Counts => {
                let most = most + *self.given.lock().unwrap();
                self.inner.take(owner, thing, most, ttl).await
            }
            Slip::LooksThenTakes => {
                let lease = self.inner.take(owner, thing, most, ttl).await?;
                if let Some(lease) = &lease {
                    self.inner.give_back(lease).await?;
                }
                tokio::task::yield_now().await;
                match lease {
                    Some(_) => self.inner.take(owner, thing, u32::MAX, ttl).await,
                    None => Ok(None),
                }
            }
            Slip::NeverEnds => {
                self.inner.take(owner, thing, most, Duration::from_secs(1 << 30)).await
            }
            Slip::DoesNotRenew => self.inner.take(owner, thing, most, ttl).await,
        }
    }

    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<bool, LimiterError> {
        if self.slip == Slip::DoesNotRenew {
            let kept = self.inner.renew(lease, Duration::from_millis(500)).await?;
            return Ok(kept);
        }
        self.inner.renew(lease, ttl).await
    }

    async fn give_back(&self, lease: &Lease) -> Result<(), LimiterError> {
        if self.slip == Slip::Counts && !self.inner.renew(lease, Duration::from_secs(1)).await? {
            *self.given.lock().unwrap() += 1;
        }
        self.inner.give_back(lease).await
    }
}

fn limit(burst: u32, per: Duration) -> Limit {
    Limit::new("writes".parse().unwrap(), Class::Writes, burst, per).unwrap()
}

proptest! {
    /// A bucket that is full of tokens at first, and gets one back with every interval.
    #[test]
    fn a_limit_agrees_with_a_bucket_of_tokens(
        burst in 1_u32..50,
        interval in 1_u64..5_000,
        asks in prop::collection::vec((0_u64..20_000, 0_u32..5), 1..300),
    ) {
        let limit = limit(burst, Duration::from_micros(interval * u64::from(burst)));
        // In millionths of the time for one token: microseconds.
        let (full, mut tokens) = (interval * u64::from(burst), interval * u64::from(burst));
        let (mut now, mut tat) = (1_000_000_u64, 0);
        for (wait, quantity) in asks {
            now += wait;
            tokens = (tokens + wait).min(full);
            let quantity = quantity.min(burst);
            let needs = interval * u64::from(quantity);
            let said = limit.admit(tat, now, quantity).unwrap();
            prop_assert_eq!(said.passes, needs <= tokens);
            if said.passes {
                (tokens, tat) = (tokens - needs, said.tat);
            } else {
                let wait = u64::try_from(said.retry_after.as_micros()).unwrap();
                prop_assert_eq!(wait, needs - tokens);
                prop_assert!(!limit.admit(tat, now + wait - 1, quantity).unwrap().passes);
                prop_assert!(limit.admit(tat, now + wait, quantity).unwrap().passes);
            }
            prop_assert_eq!(u64::from(said.remaining), tokens / interval);
        }
    }

    /// However a clock is set, nobody waits longer than a period, and nothing overflows.
    #[test]
    fn no_clock_locks_anybody_out(tat: u64, now: u64, burst in 1_u32.., quantity: u32) {
        let limit = limit(burst, Limit::MAX_PERIOD);
        if let Ok(said) = limit.admit(tat, now, quantity) {
            prop_assert!(quantity <= burst);
            prop_assert!(said.retry_after <= limit.per() && said.reset_after <= limit.per());
        } else {
            prop_assert!(quantity > burst || now > u64::MAX - limit.tolerance());
        }
    }
}

#[test]
fn what_is_no_limit_is_refused() {
    let new = |burst, per| Limit::new("writes".parse().unwrap(), Class::Writes, burst, per);
    assert!(new(0, Duration::from_secs(1)).is_err());
    assert!(new(1, Duration::ZERO).is_err());
    assert!(new(2, Duration::from_micros(1)).is_err());
    assert!(new(1, Limit::MAX_PERIOD + Duration::from_micros(1)).is_err());
    assert!(new(u32::MAX, Limit::MAX_PERIOD).is_ok());
}

#[test]
fn a_share_of_a_limit_gives_back_no_more_than_its_share() {
    let whole = limit(90, Duration::from_secs(90));
    let share = whole.share(3);
    assert_eq!((share.burst(), share.interval()), (30, 3_000_000));
    assert_eq!(whole.share(1), whole);
    assert_eq!(whole.share(1_000).burst(), 1);
}

#[test]
fn of_two_thousand_at_once_exactly_a_burst_passes() {
    let limiter = MemoryLimiter::new(Arc::new(ManualClock::starting_at(Timestamp(1_000))));
    let (owner, limit) = ("anna".parse().unwrap(), limit(100, Duration::from_secs(60)));
    let passed: usize = std::thread::scope(|scope| {
        let race = || {
            let pass = || limiter.check_now(&owner, &[Ask::one(&limit)]).unwrap();
            (0..250).filter(|_| matches!(pass(), Decision::Allow(_))).count()
        };
        let racers: Vec<_> = (0..8).map(|_| scope.spawn(race)).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).sum()
    });
    assert_eq!(passed, 100);
}

#[test]
fn a_million_strangers_fill_no_memory() {
    let clock = Arc::new(ManualClock::starting_at(Timestamp(1_000)));
    let limiter = MemoryLimiter::with_room(clock.clone(), 10_000);
    let limit = limit(2, Duration::from_secs(60));
    let ask = |name: String| {
        let said = limiter.check_now(&name.parse().unwrap(), &[Ask::one(&limit)]).unwrap();
        assert!(matches!(said, Decision::Allow(_)), "{name}");
    };
    for stranger in 0..1_000_000 {
        ask(format!("stranger-{stranger}"));
    }
    let most = 10_000_usize.next_multiple_of(64) + 64;
    assert!(limiter.keys() <= most, "{}", limiter.keys());
    // What is given back is forgotten before anything else is.
    clock.advance(Duration::from_secs(61));
    for stranger in 0..20_000 {
        ask(format!("other-{stranger}"));
    }
    assert!(limiter.keys() <= most);
}

#[test]
fn what_is_given_back_is_forgotten_without_being_asked_for() {
    let clock = Arc::new(ManualClock::starting_at(Timestamp(1_000)));
    let limiter = MemoryLimiter::new(clock.clone());
    let limit = limit(1, Duration::from_millis(10));
    for stranger in 0..200_000 {
        if stranger % 100 == 0 {
            clock.advance(Duration::from_millis(1));
        }
        let name = format!("stranger-{stranger}").parse().unwrap();
        limiter.check_now(&name, &[Ask::one(&limit)]).unwrap();
    }
    assert!(limiter.keys() < 10_000, "{}", limiter.keys());
}
