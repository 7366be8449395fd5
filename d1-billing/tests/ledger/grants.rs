//! Which credits are spent, and which lapse.

use crate::stage::{DAY, NOON, Stage, paid};
use d1_billing::{EntryKind, Grant, Lot, Operation, Refusal};
use d1_core::{AccountId, Amount, Timestamp};

const LARGEST: Amount = Amount::micro(i64::MAX as u64);

fn until(account: AccountId, credits: u64, until: u64) -> Grant {
    Grant { until: Some(Timestamp(NOON + until)), ..paid(account, credits) }
}

#[tokio::test]
async fn the_grants_that_are_not_used_up_are_told_in_the_order_in_which_they_are_spent() {
    for stage in Stage::each().await {
        let account = stage.account(0).await;
        let stays = stage.granted(paid(account, 7)).await;
        let tomorrow = Some(Timestamp(NOON + DAY));
        let ends = stage.granted(Grant { until: tomorrow, ..paid(account, 5) }).await;
        let first = stage.granted(Grant { priority: 1, ..paid(account, 3) }).await;
        let told = async || {
            let lots = stage.ledger.lots(account).await.unwrap();
            let parts = |lot: &Lot| {
                assert_eq!(
                    lot.free.as_micro() + lot.held.as_micro() + lot.spent.as_micro(),
                    lot.amount.as_micro()
                );
                (lot.id, [lot.free, lot.held, lot.spent].map(|it| it.as_micro() / Amount::MICRO))
            };
            lots.iter().map(parts).collect::<Vec<_>>()
        };
        assert_eq!(told().await, [(first, [3, 0, 0]), (ends, [5, 0, 0]), (stays, [7, 0, 0])]);
        let held = stage.hold(account, 4).await;
        stage.capture(held, 4).await;
        stage.hold(account, 1).await;
        assert_eq!(told().await, [(ends, [3, 1, 1]), (stays, [7, 0, 0])]);
        // What has lapsed is gone at its end; what was set aside of it is not.
        stage.clock.set(NOON + DAY);
        let lots = stage.ledger.lots(account).await.unwrap();
        assert_eq!(lots[0].lapsed, Amount::credits(3));
        assert_eq!(lots.iter().map(|lot| lot.id).collect::<Vec<_>>(), [ends, stays]);
        let statement = stage.ledger.statement(account, 0, 100).await.unwrap();
        let lines = statement.lines.len() as u64;
        assert_eq!(stage.ledger.balance(account).await.unwrap().lines, lines);
        assert!(stage.ledger.lots(d1_core::AccountId::generate()).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn credits_are_spent_by_priority_and_then_by_soonest_end() {
    for stage in Stage::each().await {
        let account = stage.account(0).await;
        let grants = [
            paid(account, 1),
            paid(account, 1),
            until(account, 1, 9_000),
            until(account, 1, 9_000),
            until(account, 1, 5_000),
            Grant { priority: 1, ..paid(account, 1) },
        ];
        for grant in grants {
            stage.granted(grant).await;
        }
        // What lapses next tells which are left.
        let next_ends = [Some(5_000), Some(9_000), Some(9_000), None, None];
        for (charges, expected) in (1..).zip(next_ends) {
            let hold = stage.hold(account, 1).await;
            stage.capture(hold, 1).await;
            let next = stage.ledger.balance(account).await.unwrap().expires_next;
            let end = next.map(|(_amount, end)| end.0 - NOON);
            assert_eq!(end, expected, "after {charges}");
        }
        assert_eq!(stage.stands(account).await, [1, 0, 1]);
    }
}

#[tokio::test]
async fn credits_that_have_lapsed_cannot_be_spent_whether_or_not_anybody_swept() {
    for stage in Stage::each().await {
        let account = stage.account(2).await;
        stage.granted(until(account, 5, 1_000)).await;
        assert_eq!(stage.stands(account).await, [7, 0, 7]);
        stage.clock.set(NOON + 1_000);
        assert_eq!(stage.stands(account).await, [2, 0, 2]);
        let hold =
            d1_billing::NewHold::new(d1_core::HoldId::generate(), account, Amount::credits(3));
        let (needed, available) = (Amount::credits(3), Amount::credits(2));
        let refused = stage.refused(Operation::Hold(hold)).await;
        assert_eq!(refused, Refusal::Insufficient { needed, available });
        stage.done(Operation::Sweep { account }).await;
        let lines = stage.ledger.statement(account, 3, 9).await.unwrap().lines;
        assert_eq!((lines.len(), lines[0].kind), (1, EntryKind::Lapsed));
    }
}

#[tokio::test]
async fn what_was_held_in_time_can_be_charged_after_its_lot_lapsed_and_the_rest_is_gone() {
    for stage in Stage::each().await {
        let account = stage.account(0).await;
        stage.granted(until(account, 5, 1_000)).await;
        let hold = stage.hold(account, 4).await;
        stage.clock.set(NOON + 2_000);
        assert_eq!(stage.stands(account).await, [4, 4, 0]);
        stage.capture(hold, 3).await;
        assert_eq!(stage.stands(account).await, [0, 0, 0]);
        // Nor does giving back bring back what has lapsed.
        stage.refund(hold, 3).await;
        assert_eq!(stage.stands(account).await, [0, 0, 0]);
    }
}

#[tokio::test]
async fn what_is_given_back_returns_to_the_lots_it_came_from() {
    for stage in Stage::each().await {
        let account = stage.account(5).await;
        stage.granted(until(account, 5, 1_000)).await;
        let hold = stage.hold(account, 7).await;
        stage.capture(hold, 7).await;
        stage.refund(hold, 3).await;
        assert_eq!(stage.stands(account).await, [6, 0, 6]);
        // Two came back to the credits that stay, one to those that lapse.
        stage.clock.set(NOON + 1_000);
        assert_eq!(stage.stands(account).await, [5, 0, 5]);
    }
}

#[tokio::test]
async fn credits_are_not_spent_before_their_time() {
    for stage in Stage::each().await {
        let account = stage.account(0).await;
        let from = Timestamp(NOON + 1_000);
        stage.granted(Grant { from, ..paid(account, 5) }).await;
        assert_eq!(stage.stands(account).await, [5, 0, 0]);
        stage.clock.set(NOON + 1_000);
        assert_eq!(stage.stands(account).await, [5, 0, 5]);
    }
}

#[tokio::test]
async fn a_sum_that_no_account_can_have_is_refused() {
    for stage in Stage::each().await {
        let account = stage.account(0).await;
        let all = Grant { amount: LARGEST, ..paid(account, 0) };
        stage.granted(all).await;
        let one = Grant { amount: Amount::micro(1), ..all };
        assert_eq!(stage.refused(Operation::Grant(one)).await, Refusal::TooMuch(LARGEST));
        let more = Amount::micro(u64::MAX);
        for amount in [more, Amount::micro(i64::MAX as u64 + 1)] {
            let grant = Operation::Grant(Grant { amount, ..all });
            assert_eq!(stage.refused(grant).await, Refusal::TooMuch(amount));
        }
        let hold = d1_billing::NewHold::new(d1_core::HoldId::generate(), account, more);
        let (needed, available) = (more, LARGEST);
        let refused = stage.refused(Operation::Hold(hold)).await;
        assert_eq!(refused, Refusal::Insufficient { needed, available });
        stage.is_right().await;
    }
}

#[tokio::test]
async fn nothing_cannot_be_granted() {
    for stage in Stage::each().await {
        let account = stage.account(0).await;
        assert_eq!(stage.refused(Operation::Grant(paid(account, 0))).await, Refusal::Nothing);
        assert_eq!(stage.stands(account).await, [0, 0, 0]);
    }
}
