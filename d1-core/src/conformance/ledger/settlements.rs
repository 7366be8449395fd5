//! Taking what is owed, and freeing the rest.

use super::*;
use tokio::task::JoinSet;

pub(super) async fn laws<F, L>(laws: &mut Laws, make: &F)
where
    F: Fn(Vec<(AccountId, Amount)>) -> L,
    L: Future<Output = Port>,
{
    laws.check("a_settlement_takes_the_charge_and_frees_the_rest", frees(rich(make).await)).await;
    laws.check("a_settlement_said_twice_charges_once", said_twice(rich(make).await)).await;
    laws.check("a_settlement_with_other_words_is_refused", other_words(rich(make).await)).await;
    laws.check("no_more_than_is_held_is_charged", over_hold(rich(make).await)).await;
    laws.check("a_hold_nobody_made_cannot_be_settled", no_hold(rich(make).await)).await;
    laws.check("of_racing_settlements_one_counts", racing(rich(make).await)).await;
}

async fn frees((ledger, account): (Port, AccountId)) {
    for (charge, left) in [(0, 10), (2, 8), (6, 2)] {
        let hold = held(&ledger, account, charge.max(1) + u64::from(charge < 6)).await;
        ledger.settle(hold, Amount::credits(charge)).await.unwrap();
        has(&ledger, account, left).await;
    }
}

async fn said_twice((ledger, account): (Port, AccountId)) {
    let hold = held(&ledger, account, 5).await;
    for _ in 0..3 {
        ledger.settle(hold, Amount::credits(2)).await.unwrap();
        has(&ledger, account, 8).await;
    }
}

async fn other_words((ledger, account): (Port, AccountId)) {
    let hold = held(&ledger, account, 5).await;
    ledger.settle(hold, Amount::credits(2)).await.unwrap();
    for charge in [0, 1, 3, 5] {
        let refused = ledger.settle(hold, Amount::credits(charge)).await;
        assert!(matches!(refused, Err(LedgerError::Conflict(known)) if known == hold));
    }
    has(&ledger, account, 8).await;
}

async fn over_hold((ledger, account): (Port, AccountId)) {
    let hold = held(&ledger, account, 5).await;
    let most = Amount::micro(5_000_001);
    match ledger.settle(hold, most).await {
        Err(LedgerError::OverHold { hold: known, charge, held }) => {
            assert_eq!((known, charge, held), (hold, most, Amount::credits(5)));
        }
        other => panic!("more than was held was charged: {other:?}"),
    }
    has(&ledger, account, 5).await;
    // The hold stands, and all of it may be taken.
    ledger.settle(hold, Amount::credits(5)).await.unwrap();
    has(&ledger, account, 5).await;
}

async fn no_hold((ledger, account): (Port, AccountId)) {
    let unheard_of = HoldId::generate();
    for charge in [Amount::ZERO, Amount::credits(1)] {
        let refused = ledger.settle(unheard_of, charge).await;
        assert!(matches!(refused, Err(LedgerError::NoHold(hold)) if hold == unheard_of));
    }
    has(&ledger, account, 10).await;
}

async fn racing((ledger, account): (Port, AccountId)) {
    let (hold, mut racers) = (held(&ledger, account, 9).await, JoinSet::new());
    for _ in 0..RACERS {
        let ledger = Arc::clone(&ledger);
        racers.spawn(async move { ledger.settle(hold, Amount::credits(4)).await });
    }
    assert!(racers.join_all().await.iter().all(Result::is_ok));
    has(&ledger, account, 6).await;
}
