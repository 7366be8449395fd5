//! The laws of [`Clock`].

use super::{Laws, patiently, samples::RACERS};
use crate::{Clock, Timestamp};
use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinSet;

/// How often a clock is asked in a row.
const OFTEN: usize = 1_000;
/// How much time is let pass: little, as some clocks cannot be hurried.
const WHILE: Duration = Duration::from_millis(50);

/// Waits until so much time has passed on a clock.
pub type Pass = Arc<dyn Fn(Duration) -> Passing + Send + Sync>;

/// Time that passes.
pub type Passing = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A clock, and a way to let time pass on it.
pub struct Timepiece {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Lets so much time pass, at least, and no more than a moment more.
    pub pass: Pass,
}

/// Checks every law of [`Clock`], each on a fresh one from `make`.
pub async fn clock<F, C>(make: F)
where
    F: Fn() -> C,
    C: Future<Output = Timepiece>,
{
    let mut laws = Laws::default();
    laws.check("time_never_goes_back", patiently(never_back(make().await))).await;
    laws.check("time_is_the_same_for_all", patiently(same_for_all(make().await))).await;
    laws.check("time_passes", patiently(passes(make().await))).await;
    laws.all_hold();
}

async fn never_back(Timepiece { clock, pass }: Timepiece) {
    let mut earlier = clock.now();
    for round in 0..OFTEN {
        if round % (OFTEN / 4) == 0 {
            pass(WHILE).await;
        }
        let now = clock.now();
        assert!(now >= earlier, "{now:?} came after {earlier:?}");
        earlier = now;
    }
}

/// Whoever hears of a time asks the clock and hears of no earlier one.
async fn same_for_all(Timepiece { clock, pass }: Timepiece) {
    let latest = Arc::new(AtomicU64::new(0));
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let (clock, pass, latest) = (Arc::clone(&clock), Arc::clone(&pass), Arc::clone(&latest));
        racers.spawn(async move {
            for _ in 0..10 {
                let heard = latest.load(Ordering::SeqCst);
                let Timestamp(now) = clock.now();
                assert!(now >= heard, "{now} came after somebody was told {heard}");
                latest.fetch_max(now, Ordering::SeqCst);
                pass(Duration::from_millis(1)).await;
            }
        });
    }
    while let Some(ended) = racers.join_next().await {
        ended.unwrap();
    }
}

/// A clock counts what passes, as far as milliseconds tell.
async fn passes(Timepiece { clock, pass }: Timepiece) {
    let before = clock.now();
    for _ in 0..4 {
        pass(WHILE).await;
    }
    let passed = clock.now().since(before);
    assert!(passed + Duration::from_millis(1) >= 4 * WHILE, "{passed:?} is too little");
}
