//! What a process remembers of the books is never older than what another has written: not for
//! what it does, and not for what it refuses.

use crate::stage::{Stage, connected, paid, refusal};
use d1_billing::{CapScope, Key, Ledger, NewHold, Operation, Refusal};
use d1_core::{AccountId, Amount, HoldId};

/// The same books in two processes, of which the first knows an account with ten credits, all
/// of them held.
struct Two {
    first: Stage,
    second: Ledger,
    account: AccountId,
    held: HoldId,
}

impl Two {
    async fn each() -> Vec<Self> {
        let mut all = vec![];
        for first in [Stage::sqlite(), Stage::postgres().await] {
            let second = Ledger::new(first.opened_again().await, first.clock.clone());
            let account = first.account(10).await;
            let held = first.hold(account, 10).await;
            let two = Self { first, second, account, held };
            for _ in 0..2 {
                let answer = two.hold(Key::generate(), HoldId::generate()).await;
                assert!(matches!(answer, Err(Refusal::Insufficient { .. })), "{answer:?}");
            }
            all.push(two);
        }
        all
    }

    /// One credit, asked of the first.
    async fn hold(&self, key: Key, hold: HoldId) -> Result<(), Refusal> {
        let hold = NewHold::new(hold, self.account, Amount::credits(1));
        match self.first.ledger.hold(key, hold).await {
            Ok(_) => Ok(()),
            refused => Err(refusal(refused)),
        }
    }

    async fn second_does(&self, key: Key, operation: Operation) {
        self.second.apply(key, operation).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_refused_what_another_process_has_made_possible() {
    for two in Two::each().await {
        let grant = Operation::Grant(paid(two.account, 1));
        two.second_does(Key::generate(), grant).await;
        assert_eq!(two.hold(Key::generate(), HoldId::generate()).await, Ok(()));
        let freed = Operation::Capture { hold: two.held, charge: Amount::ZERO };
        two.second_does(Key::generate(), freed).await;
        assert_eq!(two.hold(Key::generate(), HoldId::generate()).await, Ok(()));
        assert_eq!(two.first.stands(two.account).await, [11, 2, 9]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_given_what_another_process_has_taken() {
    for two in Two::each().await {
        let freed = Operation::Capture { hold: two.held, charge: Amount::credits(9) };
        two.second_does(Key::generate(), freed).await;
        let taken = NewHold::new(HoldId::generate(), two.account, Amount::credits(1));
        two.second_does(Key::generate(), Operation::Charge(taken)).await;
        let answer = two.hold(Key::generate(), HoldId::generate()).await;
        assert!(matches!(answer, Err(Refusal::Insufficient { .. })), "{answer:?}");
        let again = Operation::Capture { hold: two.held, charge: Amount::credits(1) };
        assert!(matches!(two.first.refused(again).await, Refusal::Resolved { .. }));
        two.second_does(Key::generate(), Operation::Freeze { account: two.account, frozen: true })
            .await;
        let answer = two.hold(Key::generate(), HoldId::generate()).await;
        assert_eq!(answer, Err(Refusal::Frozen(two.account)));
        assert_eq!(two.first.stands(two.account).await, [0, 0, 0]);
    }
}

/// Whatever else is against it: a name that is taken is told as taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_another_process_has_used_for_somebody_else_is_taken() {
    for two in Two::each().await {
        let (key, hold) = (Key::generate(), HoldId::generate());
        let other = two.first.account(10).await;
        let elsewhere = NewHold::new(hold, other, Amount::credits(1));
        two.second_does(key, Operation::Hold(elsewhere)).await;
        let by_key = two.hold(key, HoldId::generate()).await;
        assert_eq!(by_key, Err(Refusal::KeyConflict(key)));
        let by_name = two.hold(Key::generate(), hold).await;
        assert_eq!(by_name, Err(Refusal::HoldExists(hold)));
    }
}

/// A cap begins with the first hold that it counts, and is not there before.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_cap_refuses_that_has_counted_nothing_locks_and_writes_nothing() {
    let stage = Stage::postgres().await;
    let account = stage.account(10).await;
    let (scope, most) = (CapScope::Day, Some(Amount::credits(1)));
    stage.done(Operation::SetCap { account, scope, most }).await;
    let two = NewHold::new(HoldId::generate(), account, Amount::credits(2));
    let mut locked = Vec::new();
    for _ in 0..3 {
        let refusal = stage.refused(Operation::Hold(two.clone())).await;
        assert!(matches!(refusal, Refusal::CapReached { .. }), "{refusal:?}");
        let mut db = connected(&stage).await;
        let by = sqlx::query_scalar::<_, String>("SELECT xmin || ' ' || xmax FROM account");
        locked.push(by.fetch_one(&mut db).await.unwrap());
    }
    assert_eq!(locked[1..], [&*locked[0], &*locked[0]], "each lock leaves its transaction");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cap_that_another_process_has_begun_counts_here_too() {
    for two in Two::each().await {
        let account = two.first.account(10).await;
        let (scope, most) = (CapScope::Day, Some(Amount::credits(5)));
        two.first.done(Operation::SetCap { account, scope, most }).await;
        let hold = |credits| NewHold::new(HoldId::generate(), account, Amount::credits(credits));
        let said = two.first.refused(Operation::Hold(hold(6))).await;
        assert!(matches!(said, Refusal::CapReached { .. }), "{said:?}");
        two.second_does(Key::generate(), Operation::Hold(hold(4))).await;
        let said = two.first.refused(Operation::Hold(hold(3))).await;
        let (needed, left) = (Amount::credits(3), Amount::credits(1));
        assert_eq!(said, Refusal::CapReached { scope, needed, left });
        assert_eq!(two.first.stands(account).await, [10, 4, 6]);
    }
}
