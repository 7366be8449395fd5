//! Clocks that are wrong: set back, set forward, standing still.

use crate::{
    laws::{Store, holds},
    lives::{Picture, Request, ask, life_together},
    stage::{DAY, NOON, Stage, paid},
};
use d1_billing::{Grant, HoldState, NewHold, Operation, Refusal};
use d1_core::{Amount, HoldId, Timestamp};

/// After how many requests somebody looks at everything.
const LOOKS: usize = 4;

/// Whatever the clock says next: a hold that is over stays over, and each history is in the
/// order of its times.
async fn what_is_over_stays_over(requests: Vec<Request>, stage: Stage) {
    let mut ends: Vec<Option<HoldState>> = vec![];
    for (number, request) in requests.into_iter().enumerate() {
        drop(ask(&*stage.books, &request).await);
        if number % LOOKS != 0 {
            continue;
        }
        // As it was written: looking at no time adds nothing to it.
        let Picture { accounts, holds, .. } = Picture::at(&*stage.books, Timestamp(0)).await;
        let states: Vec<_> = holds.iter().map(|hold| hold.map(|receipt| receipt.state)).collect();
        for (before, now) in ends.iter().zip(&states) {
            let was_over = before.is_some_and(|state| state != HoldState::Open);
            assert!(!was_over || before == now, "{before:?} became {now:?} by {request:?}");
        }
        ends = states;
        for (_id, _balance, _lots, lines) in accounts {
            assert!(lines.is_sorted_by_key(|line| line.at), "{lines:?}");
        }
    }
}

#[test]
fn what_is_over_stays_over_whatever_the_clock_says_in_memory() {
    holds(Store::Memory, life_together(), what_is_over_stays_over);
}

#[test]
fn what_is_over_stays_over_whatever_the_clock_says_in_sqlite() {
    holds(Store::Sqlite, life_together(), what_is_over_stays_over);
}

#[test]
fn what_is_over_stays_over_whatever_the_clock_says_in_postgresql() {
    holds(Store::Postgres, life_together(), what_is_over_stays_over);
}

fn hour(stage: &Stage, hours: i64) {
    stage.clock.set(NOON.saturating_add_signed(hours * 3_600_000));
}

#[tokio::test]
async fn credits_that_lapsed_on_a_clock_that_ran_ahead_do_not_come_back() {
    for stage in Stage::each().await {
        let account = stage.account(3).await;
        let brief = Grant { until: Some(Timestamp(NOON + 3_600_000)), ..paid(account, 5) };
        stage.granted(brief).await;
        hour(&stage, 24);
        stage.done(Operation::Sweep { account }).await;
        hour(&stage, -1);
        let stage = stage.reopened().await;
        assert_eq!(stage.stands(account).await, [3, 0, 3]);
        // For this account it is tomorrow already: what ends today has ended.
        stage.granted(brief).await;
        assert_eq!(stage.stands(account).await, [3, 0, 3]);
        // Nobody else is in its tomorrow, and what stays can be spent all the same.
        let other = stage.account(0).await;
        stage.granted(Grant { account: other, ..brief }).await;
        assert_eq!(stage.stands(other).await, [5, 0, 5]);
        stage.hold(account, 3).await;
        assert_eq!(stage.stands(account).await, [3, 3, 0]);
    }
}

#[tokio::test]
async fn a_clock_that_stands_still_neither_ends_a_hold_nor_fills_a_day() {
    for stage in Stage::each().await {
        let account = stage.account(100).await;
        let (scope, most) = (d1_billing::CapScope::Day, Some(Amount::credits(20)));
        stage.done(Operation::SetCap { account, scope, most }).await;
        let hold = |until| NewHold {
            until: Some(Timestamp(until)),
            ..NewHold::new(HoldId::generate(), account, Amount::credits(10))
        };
        // What ends now has ended when it begins.
        let (over, open) = (hold(NOON), hold(NOON + 1));
        for new in [&over, &open] {
            stage.done(Operation::Hold(new.clone())).await;
        }
        for _ in 0..5 {
            stage.done(Operation::Sweep { account }).await;
            let capture = Operation::Capture { hold: over.id, charge: Amount::credits(1) };
            assert_eq!(stage.refused(capture).await, Refusal::HoldExpired(over.id));
        }
        stage.capture(open.id, 10).await;
        stage.hold(account, 10).await;
        let more = Operation::Hold(hold(NOON + DAY));
        assert!(matches!(stage.refused(more).await, Refusal::CapReached { .. }));
        assert_eq!(stage.stands(account).await, [90, 10, 80]);
    }
}
