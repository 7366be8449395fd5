//! Setting aside, charging, giving back.

use crate::stage::{NOON, Stage, refusal};
use d1_billing::{EntryKind, HoldState, Key, NewHold, Operation, Refusal};
use d1_core::{AccountId, Amount, HoldId, Timestamp};

const CREDIT: Amount = Amount::credits(1);

#[tokio::test]
async fn a_charge_takes_what_is_owed_and_frees_the_rest() {
    for stage in Stage::each().await {
        let account = stage.account(10).await;
        let hold = stage.hold(account, 7).await;
        assert_eq!(stage.stands(account).await, [10, 7, 3]);
        assert_eq!(stage.capture(hold, 4).await.state, HoldState::Captured);
        assert_eq!(stage.stands(account).await, [6, 0, 6]);
    }
}

#[tokio::test]
async fn all_of_a_hold_can_be_charged_and_no_more() {
    for stage in Stage::each().await {
        let account = stage.account(10).await;
        let hold = stage.hold(account, 7).await;
        let charge = Amount::micro(7_000_001);
        let refused = stage.refused(Operation::Capture { hold, charge }).await;
        assert_eq!(refused, Refusal::OverHold { hold, charge, held: Amount::credits(7) });
        assert_eq!(stage.stands(account).await, [10, 7, 3]);
        stage.capture(hold, 7).await;
        assert_eq!(stage.stands(account).await, [3, 0, 3]);
    }
}

#[tokio::test]
async fn charging_nothing_releases_the_hold() {
    for stage in Stage::each().await {
        let account = stage.account(10).await;
        let hold = stage.hold(account, 7).await;
        assert_eq!(stage.capture(hold, 0).await.state, HoldState::Released);
        assert_eq!(stage.stands(account).await, [10, 0, 10]);
    }
}

#[tokio::test]
async fn a_hold_ends_once() {
    for stage in Stage::each().await {
        let account = stage.account(10).await;
        for (charge, state) in [(2, HoldState::Captured), (0, HoldState::Released)] {
            let hold = stage.hold(account, 3).await;
            stage.capture(hold, charge).await;
            for charge in [Amount::ZERO, CREDIT, Amount::credits(2)] {
                let refused = stage.refused(Operation::Capture { hold, charge }).await;
                assert_eq!(refused, Refusal::Resolved { hold, state });
            }
            let extend = Operation::Extend { hold, more: CREDIT, until: None };
            assert_eq!(stage.refused(extend).await, Refusal::Resolved { hold, state });
        }
        assert_eq!(stage.stands(account).await, [8, 0, 8]);
    }
}

#[tokio::test]
async fn a_hold_that_is_extended_holds_and_charges_more() {
    for stage in Stage::each().await {
        let account = stage.account(10).await;
        let hold = stage.hold(account, 4).await;
        let extend =
            |credits| Operation::Extend { hold, more: Amount::credits(credits), until: None };
        stage.done(extend(5)).await;
        assert_eq!(stage.stands(account).await, [10, 9, 1]);
        let (needed, available) = (Amount::credits(2), CREDIT);
        assert_eq!(stage.refused(extend(2)).await, Refusal::Insufficient { needed, available });
        stage.capture(hold, 9).await;
        assert_eq!(stage.stands(account).await, [1, 0, 1]);
    }
}

#[tokio::test]
async fn a_hold_counts_no_more_from_the_moment_it_expires() {
    for stage in Stage::each().await {
        let account = stage.account(10).await;
        let hold = |until| {
            let id = HoldId::generate();
            let until = Some(Timestamp(until));
            (
                id,
                Operation::Hold(NewHold {
                    until,
                    ..NewHold::new(id, account, Amount::credits(10))
                }),
            )
        };
        let (first, operation) = hold(NOON + 1_000);
        stage.done(operation).await;
        stage.clock.set(NOON + 999);
        assert_eq!(stage.stands(account).await, [10, 10, 0]);
        stage.clock.set(NOON + 1_000);
        assert_eq!(stage.stands(account).await, [10, 0, 10]);
        let charge = Operation::Capture { hold: first, charge: CREDIT };
        assert_eq!(stage.refused(charge).await, Refusal::HoldExpired(first));
        // Nothing but the next hold had to come by to free it.
        let (second, operation) = hold(NOON + 5_000);
        stage.done(operation).await;
        let first = stage.ledger.look_at(first).await.unwrap().unwrap();
        let second = stage.ledger.look_at(second).await.unwrap().unwrap();
        assert_eq!((first.state, second.state), (HoldState::Expired, HoldState::Open));
        assert_eq!(stage.stands(account).await, [10, 10, 0]);
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_revives_no_hold() {
    for stage in Stage::each().await {
        let account = stage.account(10).await;
        let id = HoldId::generate();
        let until = Some(Timestamp(NOON + 1_000));
        let hold = NewHold { until, ..NewHold::new(id, account, Amount::credits(6)) };
        stage.done(Operation::Hold(hold)).await;
        stage.clock.set(NOON + 86_400_000);
        stage.done(Operation::Sweep { account }).await;
        stage.clock.set(NOON - 3_600_000);
        // Not even by a restart, which forgets what time it was.
        let stage = stage.reopened().await;
        assert_eq!(stage.stands(account).await, [10, 0, 10]);
        let charge = Operation::Capture { hold: id, charge: CREDIT };
        assert_eq!(stage.refused(charge).await, Refusal::HoldExpired(id));
        stage.hold(account, 10).await;
        assert_eq!(stage.stands(account).await, [10, 10, 0]);
    }
}

#[tokio::test]
async fn no_more_is_given_back_than_was_charged() {
    for stage in Stage::each().await {
        let account = stage.account(10).await;
        let hold = stage.hold(account, 7).await;
        let refund = |amount| Operation::Refund { hold, amount };
        let nothing = Refusal::OverRefund { hold, amount: CREDIT, left: Amount::ZERO };
        assert_eq!(stage.refused(refund(CREDIT)).await, nothing, "nothing was charged yet");
        stage.capture(hold, 5).await;
        assert_eq!(stage.refund(hold, 3).await.refunded, Amount::credits(3));
        assert_eq!(stage.stands(account).await, [8, 0, 8]);
        let (amount, left) = (Amount::credits(3), Amount::credits(2));
        let refused = stage.refused(refund(amount)).await;
        assert_eq!(refused, Refusal::OverRefund { hold, amount, left });
        stage.refund(hold, 2).await;
        assert_eq!(stage.refused(refund(CREDIT)).await, nothing);
        assert_eq!(stage.refused(refund(Amount::ZERO)).await, Refusal::Nothing);
        assert_eq!(stage.stands(account).await, [10, 0, 10]);
    }
}

#[tokio::test]
async fn what_nobody_held_cannot_be_charged_or_given_back() {
    for stage in Stage::each().await {
        let hold = HoldId::generate();
        for operation in [
            Operation::Capture { hold, charge: CREDIT },
            Operation::Refund { hold, amount: CREDIT },
            Operation::Extend { hold, more: CREDIT, until: None },
        ] {
            assert_eq!(stage.refused(operation).await, Refusal::UnknownHold(hold));
        }
    }
}

#[tokio::test]
async fn a_frozen_account_spends_nothing_new_and_settles_what_is_under_way() {
    for stage in Stage::each().await {
        let account = stage.account(10).await;
        let hold = stage.hold(account, 4).await;
        stage.done(Operation::Freeze { account, frozen: true }).await;
        let frozen = Refusal::Frozen(account);
        let new = || NewHold::new(HoldId::generate(), account, CREDIT);
        assert_eq!(stage.refused(Operation::Hold(new())).await, frozen);
        assert_eq!(stage.refused(Operation::Charge(new())).await, frozen);
        let extend = Operation::Extend { hold, more: CREDIT, until: None };
        assert_eq!(stage.refused(extend).await, frozen);
        stage.capture(hold, 4).await;
        stage.refund(hold, 1).await;
        assert_eq!(stage.stands(account).await, [7, 0, 7]);
        stage.done(Operation::Freeze { account, frozen: false }).await;
        stage.hold(account, 7).await;
    }
}

#[tokio::test]
async fn an_account_nobody_opened_can_spend_nothing() {
    for stage in Stage::each().await {
        let account = AccountId::generate();
        let hold = NewHold::new(HoldId::generate(), account, Amount::micro(1));
        let (needed, available) = (Amount::micro(1), Amount::ZERO);
        let refused = stage.refused(Operation::Hold(hold)).await;
        assert_eq!(refused, Refusal::Insufficient { needed, available });
        let grant = Operation::Grant(crate::stage::paid(account, 1));
        assert_eq!(stage.refused(grant).await, Refusal::UnknownAccount(account));
        assert_eq!(stage.ledger.verify().await.unwrap().0, 0, "nothing of it stays");
    }
}

#[tokio::test]
async fn a_statement_adds_up_over_any_pages() {
    for stage in Stage::each().await {
        let account = stage.account(10).await;
        let hold = stage.hold(account, 7).await;
        stage.capture(hold, 5).await;
        stage.refund(hold, 2).await;
        let charge = NewHold::new(HoldId::generate(), account, Amount::credits(3));
        stage.done(Operation::Charge(charge)).await;
        let all = stage.ledger.statement(account, 0, 100).await.unwrap();
        let told: Vec<_> = all
            .lines
            .iter()
            .map(|line| (line.kind, line.amount.as_micro() / Amount::MICRO))
            .collect();
        assert_eq!(
            told,
            [
                (EntryKind::Opened, 0),
                (EntryKind::Granted, 10),
                (EntryKind::Charged, 5),
                (EntryKind::Refunded, 2),
                (EntryKind::Charged, 3)
            ]
        );
        for size in 1..=5 {
            let (mut last, mut lines, mut closing) = (0, vec![], Amount::ZERO);
            loop {
                let page = stage.ledger.statement(account, last, size).await.unwrap();
                if page.lines.is_empty() {
                    assert_eq!(page.closing, closing);
                    break;
                }
                assert_eq!(page.opening, closing);
                closing = page.closing;
                last = page.lines.last().unwrap().seq;
                lines.extend(page.lines);
            }
            assert_eq!((&lines, closing), (&all.lines, Amount::credits(4)));
        }
        let stranger = AccountId::generate();
        let unknown = stage.ledger.statement(stranger, 0, 1).await;
        assert!(matches!(unknown, Err(d1_billing::BillingError::Refused(_))));
    }
}

#[tokio::test]
async fn the_name_of_a_hold_is_taken_once() {
    for stage in Stage::each().await {
        let account = stage.account(10).await;
        let hold = NewHold::new(HoldId::generate(), account, CREDIT);
        stage.done(Operation::Hold(hold.clone())).await;
        let again = stage.ledger.hold(Key::generate(), hold.clone()).await;
        assert_eq!(refusal(again), Refusal::HoldExists(hold.id));
        assert_eq!(stage.stands(account).await, [10, 1, 9]);
    }
}
