//! Lists are told in their order, in parts of any size, and nobody else's part is touched.

use crate::stage::{NOON, Stage, paid, terms};
use d1_billing::{Command, Key, NewHold, Open, Operation};
use d1_core::{AccountId, Amount, HoldId, Timestamp};

#[tokio::test]
async fn accounts_are_told_once_each_in_the_order_of_their_names() {
    for stage in Stage::each().await {
        let mut all = vec![];
        for _ in 0..5 {
            all.push(stage.account(0).await);
        }
        all.sort_unstable();
        for size in 1..=6 {
            let mut told: Vec<AccountId> = vec![];
            loop {
                let some = stage.ledger.accounts(told.last().copied(), size).await.unwrap();
                assert_eq!(some.len(), size.min(all.len() - told.len()), "{:?}", stage.place);
                if some.is_empty() {
                    break;
                }
                told.extend(some);
            }
            assert_eq!(told, all);
        }
        assert_eq!(stage.ledger.verify().await.unwrap(), (5, None));
    }
}

#[tokio::test]
async fn news_is_told_the_oldest_first_and_taken_one_by_one() {
    for stage in Stage::each().await {
        // Neither the order of the names nor that of their coming is that of the times.
        let accounts = [4, 1, 5, 2, 3].map(|number| AccountId::from_bytes([number; 16]));
        for place in [3, 0, 4, 2, 1] {
            let (account, low_mark) = (accounts[place], Amount::credits(5));
            let hold = NewHold::new(HoldId::generate(), account, Amount::credits(6));
            for operation in [
                Operation::Open(Open { low_mark, ..terms(account) }),
                Operation::Grant(paid(account, 10)),
                Operation::Hold(hold),
            ] {
                let command = Command { key: Key::generate(), operation };
                stage.books.apply(command, Timestamp(NOON + place as u64)).await.unwrap();
            }
        }
        let told = async |limit| -> Vec<AccountId> {
            let news = stage.ledger.news(limit).await.unwrap();
            news.into_iter().map(|event| event.account).collect()
        };
        assert_eq!(told(9).await, accounts);
        for limit in 0..5 {
            assert_eq!(told(limit).await, accounts[..limit], "{:?}", stage.place);
        }
        let second = stage.ledger.news(2).await.unwrap()[1].id;
        stage.ledger.taken(&[second]).await.unwrap();
        assert_eq!(told(9).await, [0, 2, 3, 4].map(|place| accounts[place]));
        assert_eq!(told(2).await, [0, 2].map(|place| accounts[place]));
    }
}
