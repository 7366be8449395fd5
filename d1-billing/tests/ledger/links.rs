//! A link that breaks while something is committed: whoever asked hears of trouble, asks again
//! with the same key, and it was done once.

use crate::{
    proxy::{At, Break, linked},
    stage::Stage,
};
use d1_billing::{Applied, BillingError, Key, NewHold};
use d1_core::{Amount, HoldId};
use futures_util::future::join_all;

/// How many ask at once.
const AT_ONCE: u64 = 20;

async fn is_done_once_whenever_the_link_breaks(at: At) {
    let stage = Stage::postgres().await;
    let (far, plan) = linked(&stage).await;
    for cut in [Break::Before, Break::During, Break::After] {
        let account = stage.account(20).await;
        // From the second time on the ledger knows the account, and from the third the server
        // knows the words.
        let known = if at == At::Next { 3 } else { 0 };
        for _ in 0..known {
            let hold = NewHold::new(HoldId::generate(), account, Amount::credits(4));
            far.hold(Key::generate(), hold).await.unwrap();
        }
        let hold = NewHold::new(HoldId::generate(), account, Amount::credits(4));
        let key = Key::generate();
        *plan.lock().unwrap() = Some((at, cut));
        let lost = far.hold(key, hold.clone()).await;
        assert!(matches!(lost, Err(BillingError::Unavailable { .. })), "{cut:?}: {lost:?}");
        assert_eq!(*plan.lock().unwrap(), None, "it did not break");
        let again = far.hold(key, hold).await.unwrap();
        match cut {
            Break::Before => assert!(matches!(again, Applied::Fresh(_)), "it was done"),
            Break::During => {}
            Break::After => assert!(matches!(again, Applied::Replayed(_)), "it was forgotten"),
        }
        let held = 4 * (known + 1);
        assert_eq!(stage.stands(account).await, [20, held, 20 - held], "{cut:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_loses_the_link_at_a_commit_may_ask_again_and_it_is_done_once() {
    is_done_once_whenever_the_link_breaks(At::Commit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_loses_the_link_when_all_is_said_at_once_may_ask_again_and_it_is_done_once() {
    is_done_once_whenever_the_link_breaks(At::Next).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_lose_the_link_at_once_each_is_charged_once() {
    let stage = Stage::postgres().await;
    let (far, plan) = linked(&stage).await;
    for cut in [Break::Before, Break::During, Break::After] {
        let account = stage.account(AT_ONCE).await;
        let holds: Vec<(Key, NewHold)> = (0..AT_ONCE)
            .map(|_| NewHold::new(HoldId::generate(), account, Amount::credits(1)))
            .map(|hold| (Key::generate(), hold))
            .collect();
        let ask = || join_all(holds.iter().map(|(key, hold)| far.hold(*key, hold.clone())));
        *plan.lock().unwrap() = Some((At::Commit, cut));
        let mut lost = 0;
        for answer in ask().await {
            match answer {
                Ok(_) => {}
                Err(BillingError::Unavailable { .. }) => lost += 1,
                Err(other) => panic!("{cut:?}: {other:?}"),
            }
        }
        assert!(lost > 0, "{cut:?}: nobody lost it");
        assert!(ask().await.iter().all(Result::is_ok), "{cut:?}");
        assert_eq!(stage.stands(account).await, [AT_ONCE, AT_ONCE, 0], "{cut:?}");
    }
}
