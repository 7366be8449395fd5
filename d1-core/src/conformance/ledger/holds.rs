//! Setting credits aside.

use super::*;
use tokio::task::JoinSet;

pub(super) async fn laws<F, L>(laws: &mut Laws, make: &F)
where
    F: Fn(Vec<(AccountId, Amount)>) -> L,
    L: Future<Output = Port>,
{
    laws.check("an_account_nobody_knows_has_nothing", nothing(rich(make).await)).await;
    laws.check("what_is_held_is_not_available", not_available(rich(make).await)).await;
    laws.check("the_last_credit_can_be_held", last_credit(rich(make).await)).await;
    laws.check("more_than_there_is_is_refused", too_much(rich(make).await)).await;
    laws.check("a_hold_said_twice_is_one_hold", said_twice(rich(make).await)).await;
    laws.check("a_hold_with_other_words_is_refused", other_words(rich(make).await)).await;
    laws.check("every_account_pays_for_itself", {
        let (a, b) = (AccountId::generate(), AccountId::generate());
        own_account(make(vec![(a, RICH), (b, RICH)]).await, a, b)
    })
    .await;
    laws.check("of_racing_holds_only_those_with_enough_succeed", racing(rich(make).await)).await;
    laws.check("of_racing_repeats_of_a_hold_one_counts", repeats(rich(make).await)).await;
}

async fn nothing((ledger, _): (Port, AccountId)) {
    let stranger = AccountId::generate();
    has(&ledger, stranger, 0).await;
    let refused =
        ledger.hold(&HoldRequest::new(HoldId::generate(), stranger, Amount::micro(1))).await;
    assert!(matches!(refused, Err(LedgerError::Insufficient { .. })));
    ledger.hold(&HoldRequest::new(HoldId::generate(), stranger, Amount::ZERO)).await.unwrap();
    has(&ledger, stranger, 0).await;
}

async fn not_available((ledger, account): (Port, AccountId)) {
    has(&ledger, account, 10).await;
    held(&ledger, account, 3).await;
    has(&ledger, account, 7).await;
    held(&ledger, account, 2).await;
    has(&ledger, account, 5).await;
}

async fn last_credit((ledger, account): (Port, AccountId)) {
    ledger.hold(&HoldRequest::new(HoldId::generate(), account, RICH)).await.unwrap();
    has(&ledger, account, 0).await;
}

async fn too_much((ledger, account): (Port, AccountId)) {
    held(&ledger, account, 4).await;
    let (hold, most) = (HoldId::generate(), Amount::micro(6_000_001));
    match ledger.hold(&HoldRequest::new(hold, account, most)).await {
        Err(LedgerError::Insufficient { needed, available }) => {
            assert_eq!((needed, available), (most, Amount::credits(6)));
        }
        other => panic!("more than there is was held: {other:?}"),
    }
    has(&ledger, account, 6).await;
    // Nothing of it stays: the same hold may be asked for again, with fewer.
    assert!(matches!(ledger.settle(hold, Amount::ZERO).await, Err(LedgerError::NoHold(_))));
    ledger.hold(&HoldRequest::new(hold, account, Amount::credits(6))).await.unwrap();
    has(&ledger, account, 0).await;
}

async fn said_twice((ledger, account): (Port, AccountId)) {
    let hold = held(&ledger, account, 8).await;
    ledger.hold(&HoldRequest::new(hold, account, Amount::credits(8))).await.unwrap();
    has(&ledger, account, 2).await;
    ledger.settle(hold, Amount::credits(1)).await.unwrap();
    // Late news of what is settled changes nothing either.
    ledger.hold(&HoldRequest::new(hold, account, Amount::credits(8))).await.unwrap();
    has(&ledger, account, 9).await;
}

async fn other_words((ledger, account): (Port, AccountId)) {
    let hold = held(&ledger, account, 3).await;
    let others = [
        (account, Amount::credits(2)),
        (account, Amount::credits(4)),
        (AccountId::generate(), Amount::credits(3)),
    ];
    for (account, most) in others {
        let refused = ledger.hold(&HoldRequest::new(hold, account, most)).await;
        assert!(matches!(refused, Err(LedgerError::Conflict(known)) if known == hold));
    }
    has(&ledger, account, 7).await;
}

async fn own_account(ledger: Port, a: AccountId, b: AccountId) {
    let hold = held(&ledger, a, 9).await;
    has(&ledger, b, 10).await;
    held(&ledger, b, 10).await;
    ledger.settle(hold, Amount::credits(2)).await.unwrap();
    has(&ledger, a, 8).await;
    has(&ledger, b, 0).await;
}

/// Of more who race than there is for, just as many succeed as there is for.
async fn racing((ledger, account): (Port, AccountId)) {
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let ledger = Arc::clone(&ledger);
        racers.spawn(async move {
            ledger.hold(&HoldRequest::new(HoldId::generate(), account, Amount::credits(3))).await
        });
    }
    let ended = racers.join_all().await;
    let won = ended.iter().filter(|ended| ended.is_ok()).count();
    let told =
        |ended: &&Result<(), LedgerError>| matches!(ended, Err(LedgerError::Insufficient { .. }));
    let lost = ended.iter().filter(told).count();
    assert_eq!((won, lost), (3, RACERS as usize - 3));
    has(&ledger, account, 1).await;
}

async fn repeats((ledger, account): (Port, AccountId)) {
    let (hold, mut racers) = (HoldId::generate(), JoinSet::new());
    for _ in 0..RACERS {
        let ledger = Arc::clone(&ledger);
        racers.spawn(async move {
            ledger.hold(&HoldRequest::new(hold, account, Amount::credits(4))).await
        });
    }
    assert!(racers.join_all().await.iter().all(Result::is_ok));
    has(&ledger, account, 6).await;
}
