//! The laws of [`ReplayLedger`].

use super::{Laws, samples::RACERS};
use crate::{Digest, ReplayLedger, Timestamp};
use std::{future::Future, sync::Arc};
use tokio::task::JoinSet;

type Port = Arc<dyn ReplayLedger>;

/// When the laws play, and until when their orders are good.
const NOW: Timestamp = Timestamp(1_700_000_000_000);
const UNTIL: Timestamp = Timestamp(1_700_000_600_000);

/// Checks every law of [`ReplayLedger`], each on a fresh one from `make`.
pub async fn replay_ledger<F, S>(make: F)
where
    F: Fn() -> S,
    S: Future<Output = Port>,
{
    let mut laws = Laws::default();
    laws.check("an_order_is_new_once", once(make().await)).await;
    laws.check("orders_are_told_apart", apart(make().await)).await;
    laws.check("an_order_is_remembered_to_its_last_moment", to_the_end(make().await)).await;
    laws.check("of_many_who_bring_one_order_one_hears_that_it_is_new", racing(make().await)).await;
    laws.all_hold();
}

/// Checks that orders are still remembered when the same ledger is opened again.
///
/// `open` gives the same ledger every time, and is only called when no earlier one is in use.
/// It begins empty.
pub async fn replay_ledger_durability<F, S>(open: F)
where
    F: Fn() -> S,
    S: Future<Output = Port>,
{
    assert!(open().await.take(order(1), UNTIL, NOW).await.unwrap());
    let again = open().await;
    let mut laws = Laws::default();
    laws.check("heeded_orders_outlive_the_process", async move {
        assert!(!again.take(order(1), UNTIL, NOW).await.unwrap());
        assert!(again.take(order(2), UNTIL, NOW).await.unwrap());
    })
    .await;
    laws.all_hold();
}

fn order(number: u8) -> Digest {
    Digest::of(&[number])
}

async fn once(ledger: Port) {
    assert!(ledger.take(order(1), UNTIL, NOW).await.unwrap());
    assert!(!ledger.take(order(1), UNTIL, NOW).await.unwrap());
    assert!(!ledger.take(order(1), UNTIL, NOW).await.unwrap());
}

async fn apart(ledger: Port) {
    for number in 0..5 {
        assert!(ledger.take(order(number), UNTIL, NOW).await.unwrap());
    }
    assert!(!ledger.take(order(3), UNTIL, NOW).await.unwrap());
}

async fn to_the_end(ledger: Port) {
    assert!(ledger.take(order(1), UNTIL, NOW).await.unwrap());
    assert!(ledger.take(order(2), UNTIL, Timestamp(UNTIL.0 - 1)).await.unwrap());
    assert!(!ledger.take(order(1), UNTIL, UNTIL).await.unwrap());
    // Whatever the time of others.
    let later = Timestamp(UNTIL.0 + 600_000);
    assert!(ledger.take(order(3), later, UNTIL).await.unwrap());
    assert!(!ledger.take(order(3), later, later).await.unwrap());
}

async fn racing(ledger: Port) {
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let ledger = Arc::clone(&ledger);
        racers.spawn(async move { ledger.take(order(1), UNTIL, NOW).await.unwrap() });
    }
    let heard = racers.join_all().await;
    assert_eq!(heard.into_iter().filter(|is_new| *is_new).count(), 1);
}
