//! Clocks: the real one, the one that is moved by hand, and ones with one flaw each.

use crate::broken_laws;
use d1_core::{
    Clock, SystemClock, Timestamp, WallClock,
    conformance::{self, Pass, Timepiece},
    memory::ManualClock,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// What is wrong with a clock.
#[derive(Clone, Copy, Debug)]
enum Flaw {
    StandsStill,
    RunsBackwards,
    TellsEveryoneADifferentTime,
    IsSetBackOnce,
    RunsAtHalfSpeed,
}

use Flaw as F;

/// Each flaw, and the laws that it breaks.
const CASES: [(F, &[&str]); 5] = [
    (F::StandsStill, &["time_passes"]),
    (F::RunsBackwards, &["time_never_goes_back", "time_is_the_same_for_all", "time_passes"]),
    (F::TellsEveryoneADifferentTime, &["time_never_goes_back", "time_is_the_same_for_all"]),
    (F::IsSetBackOnce, &["time_never_goes_back", "time_is_the_same_for_all"]),
    (F::RunsAtHalfSpeed, &["time_passes"]),
];

fn by_hand() -> (Arc<ManualClock>, Pass) {
    let clock = Arc::new(ManualClock::starting_at(Timestamp(1_000_000)));
    let moved = Arc::clone(&clock);
    let pass = move |wait| {
        moved.advance(wait);
        Box::pin(tokio::task::yield_now()) as conformance::Passing
    };
    (clock, Arc::new(pass))
}

#[tokio::test]
async fn a_clock_moved_by_hand_obeys_every_law() {
    let make = || async {
        let (clock, pass) = by_hand();
        Timepiece { clock, pass }
    };
    conformance::clock(make).await;
}

#[tokio::test]
async fn the_clock_on_the_wall_obeys_every_law() {
    let make = || async {
        let pass: Pass = Arc::new(|wait| Box::pin(tokio::time::sleep(wait)));
        Timepiece { clock: Arc::new(WallClock::new()), pass }
    };
    conformance::clock(make).await;
}

#[tokio::test(start_paused = true)]
async fn the_clock_of_the_system_obeys_every_law() {
    let make = || async {
        let pass: Pass = Arc::new(|wait| Box::pin(tokio::time::sleep(wait)));
        Timepiece { clock: Arc::new(SystemClock::new()), pass }
    };
    conformance::clock(make).await;
}

#[tokio::test]
async fn a_broken_clock_fails_its_exam_by_the_right_laws() {
    for (flaw, expected) in CASES {
        let make = || async move {
            let (inner, pass) = by_hand();
            let clock = Arc::new(FlawedClock { inner, flaw, asked: AtomicU64::new(0) });
            Timepiece { clock, pass }
        };
        assert_eq!(broken_laws(conformance::clock(make)).await, expected, "{flaw:?}");
    }
}

#[test]
fn a_clock_moved_by_hand_stays_where_it_is_and_never_goes_back() {
    let clock = ManualClock::starting_at(Timestamp(5));
    clock.advance_to(Timestamp(3));
    assert_eq!(clock.now(), Timestamp(5));
    clock.advance_to(Timestamp(9));
    clock.advance(Duration::from_millis(2));
    assert_eq!(clock.now(), Timestamp(11));
    clock.advance(Duration::MAX);
    assert_eq!(clock.now(), Timestamp(u64::MAX));
}

#[derive(Debug)]
struct FlawedClock {
    inner: Arc<ManualClock>,
    flaw: Flaw,
    asked: AtomicU64,
}

impl Clock for FlawedClock {
    fn now(&self) -> Timestamp {
        let Timestamp(now) = self.inner.now();
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        Timestamp(match self.flaw {
            F::StandsStill => 1_000_000,
            F::RunsBackwards => 2_000_000 - asked,
            F::TellsEveryoneADifferentTime => now + 1_000 * (asked % 2),
            F::IsSetBackOnce => now + if asked < 5 { 5_000 } else { 0 },
            F::RunsAtHalfSpeed => 1_000_000 + (now - 1_000_000) / 2,
        })
    }
}
