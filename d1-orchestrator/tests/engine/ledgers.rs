//! A ledger that is down for a while loses no money and holds nobody up.

use crate::{device::Play, stage::Stage};
use d1_core::{
    AccountId, Amount, CreditLedger, HoldId, HoldRequest, LedgerError, SetupOutcome, SetupState,
    memory::{MemoryLedger, MemorySetupStore},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

/// A ledger that can be down.
#[derive(Debug, Default)]
struct Shaky {
    books: Arc<MemoryLedger>,
    down: AtomicBool,
    asked: AtomicU32,
}

impl Shaky {
    fn check(&self) -> Result<(), LedgerError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.down.load(Ordering::SeqCst) {
            let source = "nobody answers".into();
            return Err(LedgerError::Backend { doing: "be reached", source });
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl CreditLedger for Shaky {
    async fn available(&self, account: AccountId) -> Result<Amount, LedgerError> {
        self.check()?;
        self.books.available(account).await
    }

    async fn hold(&self, hold: &HoldRequest) -> Result<(), LedgerError> {
        self.check()?;
        self.books.hold(hold).await
    }

    async fn settle(&self, hold: HoldId, charge: Amount) -> Result<(), LedgerError> {
        self.check()?;
        self.books.settle(hold, charge).await
    }
}

async fn a_stage() -> (Stage, Arc<Shaky>) {
    let shaky = Arc::new(Shaky::default());
    let store = Arc::new(MemorySetupStore::new());
    let stage = Stage::with(store, Arc::clone(&shaky.books), shaky.clone()).await;
    (stage, shaky)
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_settled_now_is_settled_later_and_its_end_is_known_at_once() {
    let (stage, ledger) = a_stage().await;
    stage.device.play("jq", [Play::Run]);
    let id = stage.approve(&["jq", "rg"]).await;
    stage.device.begun("jq", 1).await;
    ledger.down.store(true, Ordering::SeqCst);
    stage.device.end("jq", &Play::Succeed).await;
    let setup = stage.engine.wait(id).await.unwrap();
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    let before = ledger.asked.load(Ordering::SeqCst);
    tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
    let tries = ledger.asked.load(Ordering::SeqCst) - before;
    assert!((60..=80).contains(&tries), "{tries} tries in an hour");
    // Its device is not kept waiting, and remembers until the money is safe.
    assert_eq!((stage.device.forgotten(), stage.engine.driving()), (0, 1));
    ledger.down.store(false, Ordering::SeqCst);
    stage.idle().await;
    assert_eq!(stage.spent().await, Amount::credits(2));
    stage.device.until(|device| device.forgotten() == 2).await;
}

#[tokio::test(start_paused = true)]
async fn another_setup_runs_on_while_one_cannot_be_settled() {
    let (stage, ledger) = a_stage().await;
    stage.device.play("rg", [Play::Run]);
    let first = stage.approve(&["jq"]).await;
    stage.engine.wait(first).await.unwrap();
    let second = stage.approve(&["rg"]).await;
    stage.device.begun("rg", 1).await;
    ledger.down.store(true, Ordering::SeqCst);
    stage.device.end("rg", &Play::Succeed).await;
    stage.engine.wait(second).await.unwrap();
    // Without its money, nothing new is begun: money fails closed.
    let third = stage.create(&["fd"]).await;
    let problem = stage.engine.approve(third).await.unwrap_err().problem();
    assert_eq!(problem.code, "D1-CREDIT-500");
    assert_eq!(stage.device.starts().len(), 2);
    ledger.down.store(false, Ordering::SeqCst);
    stage.idle().await;
    assert_eq!(stage.spent().await, Amount::credits(2));
}

#[tokio::test(start_paused = true)]
async fn a_failed_setup_goes_on_only_after_it_was_settled() {
    let (stage, ledger) = a_stage().await;
    stage.device.play("rg", [Play::Run]);
    let id = stage.approve(&["jq", "rg"]).await;
    stage.device.begun("rg", 1).await;
    ledger.down.store(true, Ordering::SeqCst);
    stage.device.end("rg", &Play::Fail).await;
    stage.engine.wait(id).await.unwrap();
    assert!(stage.engine.resume(id, false).await.is_err());
    ledger.down.store(false, Ordering::SeqCst);
    stage.engine.resume(id, false).await.unwrap();
    let setup = stage.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    assert_eq!(stage.spent().await, Amount::credits(2));
}

#[tokio::test(start_paused = true)]
async fn settling_again_what_was_settled_changes_nothing() {
    let (stage, _) = a_stage().await;
    stage.run(&["jq"]).await;
    stage.engine.settle_again(stage.account).await.unwrap();
    stage.idle().await;
    assert_eq!(stage.spent().await, Amount::credits(1));
}
