//! Said twice is done once.

use crate::stage::{Stage, paid, refusal};
use d1_billing::{Applied, Key, NewHold, Operation, Refusal};
use d1_core::{AccountId, Amount, HoldId};
use futures_util::future::join_all;

/// One of each operation that can be done to an account with ten credits, in an order in
/// which each works.
fn all(account: AccountId) -> Vec<Operation> {
    let (hold, charge) = (HoldId::generate(), HoldId::generate());
    let one = Amount::credits(1);
    let quote = d1_billing::NewQuote {
        id: d1_billing::QuoteId::generate(),
        account,
        price_list: "1".to_owned(),
        most: Amount::credits(3),
        until: d1_core::Timestamp(u64::MAX / 4),
    };
    let quoted = NewHold { quote: Some(quote.id), ..NewHold::new(hold, account, one) };
    vec![
        Operation::Open(crate::stage::terms(account)),
        Operation::Grant(paid(account, 2)),
        Operation::SetCap {
            account,
            scope: d1_billing::CapScope::Day,
            most: Some(Amount::credits(9)),
        },
        Operation::Quote(quote),
        Operation::Hold(quoted),
        Operation::Extend { hold, more: one, until: None },
        Operation::Capture { hold, charge: one },
        Operation::Refund { hold, amount: one },
        Operation::Charge(NewHold::new(charge, account, one)),
        Operation::Freeze { account, frozen: true },
        Operation::Sweep { account },
    ]
}

#[tokio::test]
async fn every_operation_said_again_is_answered_again_and_changes_nothing() {
    for stage in Stage::each().await {
        let account = stage.account(10).await;
        let mut said = Vec::new();
        for operation in all(account) {
            let key = Key::generate();
            let first = stage.ledger.apply(key, operation.clone()).await.unwrap();
            let Applied::Fresh(answer) = first else { panic!("{operation:?} was not fresh") };
            said.push((key, operation, answer));
        }
        let stood = stage.stands(account).await;
        let stage = stage.reopened().await;
        for (key, operation, answer) in said.iter().rev() {
            let again = stage.ledger.apply(*key, operation.clone()).await.unwrap();
            assert_eq!(again, Applied::Replayed(*answer), "{operation:?}");
        }
        assert_eq!(stage.stands(account).await, stood);
    }
}

#[tokio::test]
async fn a_key_stands_for_one_thing() {
    for stage in Stage::each().await {
        let account = stage.account(10).await;
        let key = Key::generate();
        let operations = all(account);
        stage.ledger.apply(key, operations[1].clone()).await.unwrap();
        let stood = stage.stands(account).await;
        let others = operations.into_iter().enumerate().filter(|(place, _)| *place != 1);
        for (_place, other) in others {
            let refused = refusal(stage.ledger.apply(key, other.clone()).await);
            assert_eq!(refused, Refusal::KeyConflict(key), "{other:?}");
        }
        // The same grant to somebody else is another thing, too.
        let other = stage.account(0).await;
        let grant = Operation::Grant(paid(other, 2));
        assert_eq!(refusal(stage.ledger.apply(key, grant).await), Refusal::KeyConflict(key));
        assert_eq!(stage.stands(account).await, stood);
    }
}

#[tokio::test]
async fn what_is_refused_leaves_its_key_free() {
    for stage in Stage::each().await {
        let account = stage.account(1).await;
        let (key, id) = (Key::generate(), HoldId::generate());
        let hold = NewHold::new(id, account, Amount::credits(3));
        for _ in 0..2 {
            let refused = refusal(stage.ledger.hold(key, hold.clone()).await);
            assert!(matches!(refused, Refusal::Insufficient { .. }));
        }
        assert_eq!(stage.ledger.look_at(id).await.unwrap(), None);
        stage.granted(paid(account, 2)).await;
        let held = stage.ledger.hold(key, hold).await.unwrap();
        assert!(matches!(held, Applied::Fresh(_)));
        assert_eq!(stage.stands(account).await, [3, 3, 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_say_the_same_at_once_one_is_fresh_and_all_hear_the_same() {
    for stage in Stage::each().await {
        let account = stage.account(100).await;
        for operation in all(account) {
            let key = Key::generate();
            let said = (0..64).map(|_| stage.ledger.apply(key, operation.clone()));
            let (mut fresh, mut answers) = (0, vec![]);
            for answer in join_all(said).await {
                let answer = answer.unwrap();
                fresh += usize::from(matches!(answer, Applied::Fresh(_)));
                answers.push(answer.into_inner());
            }
            answers.dedup();
            assert_eq!((fresh, answers.len()), (1, 1), "{operation:?}");
        }
        stage.is_right().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_say_other_things_with_one_key_at_once_one_is_done() {
    for stage in Stage::each().await {
        let account = stage.account(100).await;
        let others = join_all((0..8).map(|_| stage.account(100))).await;
        for _ in 0..8 {
            let key = Key::generate();
            // Some for the same account, and some for accounts that other lanes write.
            let accounts = others.iter().chain([&account; 8]);
            let said = accounts.map(|account| {
                let hold = NewHold::new(HoldId::generate(), *account, Amount::credits(1));
                stage.ledger.hold(key, hold)
            });
            let answers = join_all(said).await;
            let done = answers.iter().filter(|answer| answer.is_ok()).count();
            assert_eq!(done, 1, "{:?}", stage.place);
            for answer in answers.into_iter().filter(Result::is_err) {
                assert_eq!(refusal(answer), Refusal::KeyConflict(key));
            }
        }
        stage.is_right().await;
    }
}
