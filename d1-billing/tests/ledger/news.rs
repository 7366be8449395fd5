//! Somebody is told when credits run low.

use crate::stage::{Stage, paid, terms};
use d1_billing::{Key, NewHold, Open, Operation};
use d1_core::{AccountId, Amount, HoldId};

#[tokio::test]
async fn an_account_is_said_to_be_low_once_each_time_it_becomes_low() {
    for stage in Stage::each().await {
        let account = AccountId::generate();
        let low_mark = Amount::credits(5);
        stage.done(Operation::Open(Open { low_mark, ..terms(account) })).await;
        stage.granted(paid(account, 10)).await;
        let news = || async { stage.ledger.news(9).await.unwrap() };
        assert_eq!(news().await, []);
        stage.hold(account, 5).await;
        assert_eq!(news().await, [], "five of five is not low");
        let (key, id) = (Key::generate(), HoldId::generate());
        for _ in 0..3 {
            let hold = NewHold::new(id, account, Amount::credits(1));
            stage.ledger.hold(key, hold).await.unwrap();
        }
        stage.hold(account, 1).await;
        let [first] = &news().await[..] else { panic!("told other than once") };
        assert_eq!((first.account, first.available), (account, Amount::credits(4)));
        assert_eq!(news().await[0].id, first.id, "told again under its name until it is taken");
        stage.ledger.taken(&[first.id]).await.unwrap();
        assert_eq!(news().await, []);
        stage.granted(paid(account, 5)).await;
        stage.hold(account, 5).await;
        let again = news().await;
        assert_eq!(again.len(), 1);
        assert_ne!(again[0].id, first.id);
        stage.is_right().await;
    }
}

#[tokio::test]
async fn what_is_refused_is_no_news() {
    for stage in Stage::each().await {
        let account = AccountId::generate();
        let low_mark = Amount::credits(5);
        stage.done(Operation::Open(Open { low_mark, ..terms(account) })).await;
        stage.granted(paid(account, 10)).await;
        let hold = NewHold::new(HoldId::generate(), account, Amount::credits(11));
        stage.refused(Operation::Hold(hold)).await;
        assert_eq!(stage.ledger.news(9).await.unwrap(), []);
    }
}
