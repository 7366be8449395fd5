//! A price binds for a while; what a person has to decide is asked, and waits.

use crate::stage::{FUNDS, Stage};
use d1_core::{
    AccountId, Amount, CapScope, CreditLedger, HoldId, HoldRequest, LedgerError, ProgressEvent,
    Promise, QuoteId, Setup, SetupId, SetupState,
    memory::{MemoryLedger, MemorySetupStore},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, atomic::Ordering},
};

/// A ledger that keeps promises until their end is called, and has a cap.
#[derive(Debug, Default)]
struct Keeper {
    books: Arc<MemoryLedger>,
    promises: Mutex<HashMap<QuoteId, Promise>>,
    cap: Mutex<Option<Amount>>,
}

impl Keeper {
    fn end_all(&self) {
        self.promises.lock().unwrap().clear();
    }
}

#[async_trait::async_trait]
impl CreditLedger for Keeper {
    async fn available(&self, account: AccountId) -> Result<Amount, LedgerError> {
        self.books.available(account).await
    }

    async fn promise(&self, promise: &Promise) -> Result<(), LedgerError> {
        self.promises.lock().unwrap().insert(promise.id, promise.clone());
        Ok(())
    }

    async fn hold(&self, hold: &HoldRequest) -> Result<(), LedgerError> {
        if let Some(quote) = hold.quote {
            let promises = self.promises.lock().unwrap();
            let promise = promises.get(&quote).ok_or(LedgerError::QuoteOver(quote))?;
            assert_eq!((promise.account, promise.most), (hold.account, hold.most));
        }
        if let Some(left) = self.cap.lock().unwrap().filter(|cap| hold.most > *cap) {
            let (scope, needed) = (CapScope::Day, hold.most);
            return Err(LedgerError::Capped { scope, needed, left });
        }
        self.books.hold(hold).await
    }

    async fn settle(&self, hold: HoldId, charge: Amount) -> Result<(), LedgerError> {
        self.books.settle(hold, charge).await
    }
}

async fn a_stage() -> (Stage, Arc<Keeper>) {
    let keeper = Arc::new(Keeper::default());
    let store = Arc::new(MemorySetupStore::new());
    let stage = Stage::with(store, Arc::clone(&keeper.books), keeper.clone()).await;
    (stage, keeper)
}

/// Says yes, and tells the code with which it was refused.
async fn refused(stage: &Stage, id: SetupId) -> String {
    let problem = stage.engine.approve(id).await.unwrap_err().problem();
    stage.idle().await;
    assert_eq!(stage.device.orders(), 0);
    let setup = stage.store.get(id).await.unwrap();
    assert_eq!((setup.state, setup.asks.as_ref()), (SetupState::AwaitingApproval, Some(&problem)));
    problem.code
}

async fn ends_well(stage: &Stage, id: SetupId) -> Setup {
    stage.engine.approve(id).await.unwrap();
    let setup = stage.over(id).await;
    assert_eq!(setup.asks, None);
    setup
}

#[tokio::test(start_paused = true)]
async fn a_price_that_is_promised_is_held_and_charged_whatever_the_list_says_by_then() {
    let (stage, keeper) = a_stage().await;
    let id = stage.create(&["jq", "rg"]).await;
    let promise = stage.store.get(id).await.unwrap().promise.unwrap();
    let kept = keeper.promises.lock().unwrap()[&promise.id].clone();
    assert_eq!((kept.most, kept.until), (Amount::credits(2), promise.until));
    assert_eq!(kept.price_list, "1 each");
    stage.prices.0.store(5, Ordering::SeqCst);
    let setup = ends_well(&stage, id).await;
    assert_eq!(setup.charge(), Amount::credits(2));
    assert_eq!(stage.spent().await, Amount::credits(2));
}

#[tokio::test(start_paused = true)]
async fn a_price_that_rose_after_its_promise_ended_takes_another_yes() {
    let (stage, keeper) = a_stage().await;
    let id = stage.create(&["jq", "rg"]).await;
    stage.prices.0.store(5, Ordering::SeqCst);
    keeper.end_all();
    assert_eq!(refused(&stage, id).await, "D1-CREDIT-409");
    assert_eq!(stage.left().await, FUNDS);
    let setup = ends_well(&stage, id).await;
    assert_eq!((setup.charge(), setup.quote.price_list.as_str()), (Amount::credits(10), "5 each"));
    assert_eq!(stage.spent().await, Amount::credits(10));
    let asked = |event: &&ProgressEvent| matches!(event, ProgressEvent::Asked { .. });
    assert_eq!(stage.told(id).await.iter().filter(asked).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_price_that_fell_or_stayed_after_its_promise_ended_takes_no_other_yes() {
    for (each, charge) in [(1, 6), (3, 6), (2, 6)] {
        let (stage, keeper) = a_stage().await;
        stage.prices.0.store(3, Ordering::SeqCst);
        let id = stage.create(&["jq", "rg"]).await;
        stage.prices.0.store(each, Ordering::SeqCst);
        keeper.end_all();
        let setup = ends_well(&stage, id).await;
        let charge = Amount::credits(charge.min(2 * each));
        assert_eq!((setup.charge(), stage.spent().await), (charge, charge));
    }
}

#[tokio::test(start_paused = true)]
async fn a_cap_pauses_a_setup_and_asks_until_it_is_raised() {
    let (stage, keeper) = a_stage().await;
    *keeper.cap.lock().unwrap() = Some(Amount::credits(1));
    let id = stage.create(&["jq", "rg"]).await;
    for _ in 0..3 {
        assert_eq!(refused(&stage, id).await, "D1-CREDIT-403");
    }
    *keeper.cap.lock().unwrap() = Some(Amount::credits(2));
    ends_well(&stage, id).await;
    let told = stage.told(id).await;
    let asked = |event: &&ProgressEvent| matches!(event, ProgressEvent::Asked { .. });
    assert_eq!(told.iter().filter(asked).count(), 1, "asked once, and not with every yes");
    assert_eq!(stage.spent().await, Amount::credits(2));
}

#[tokio::test(start_paused = true)]
async fn a_cap_also_pauses_what_would_go_on() {
    let (stage, keeper) = a_stage().await;
    stage.device.play("jq", [crate::device::Play::Fail]);
    let id = stage.approve(&["jq", "rg"]).await;
    stage.over(id).await;
    *keeper.cap.lock().unwrap() = Some(Amount::credits(1));
    let problem = stage.engine.resume(id, false).await.unwrap_err().problem();
    stage.idle().await;
    assert_eq!(stage.store.get(id).await.unwrap().asks, Some(problem));
    *keeper.cap.lock().unwrap() = None;
    stage.engine.resume(id, false).await.unwrap();
    assert_eq!(stage.over(id).await.asks, None);
    assert_eq!(stage.spent().await, Amount::credits(2));
}

#[tokio::test(start_paused = true)]
async fn a_setup_that_costs_nothing_is_promised_nothing() {
    let (stage, keeper) = a_stage().await;
    stage.prices.0.store(0, Ordering::SeqCst);
    let id = stage.create(&["jq"]).await;
    assert_eq!(stage.store.get(id).await.unwrap().promise, None);
    assert!(keeper.promises.lock().unwrap().is_empty());
    ends_well(&stage, id).await;
}
