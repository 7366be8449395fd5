//! What a process remembers of the books is never older than what another has written: not for
//! what it does, and not for what it refuses.

use crate::stage::{Stage, paid, refusal};
use d1_billing::{Key, Ledger, NewHold, Operation, Refusal};
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
