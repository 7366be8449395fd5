//! Promises broken on purpose, one at a time: a simulator that finds nothing wrong with these
//! would find nothing wrong with anything.

use d1_core::{
    AccountId, Amount, Baseline, CreditLedger, Entry, HoldId, HoldRequest, Journal, JournalError,
    LedgerError, OutputChunk, Page, Progress, ProgressEvent, Promise, Receipt, Reception, Setup,
    SetupId, SetupStore, StoreError, TaskCommand, TaskId, TaskResult, Timestamp,
};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

/// A promise that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The journal lets orders of an older epoch pass.
    IgnoresEpochs,
    /// The journal takes every order for a new one.
    ForgetsOrders,
    /// The journal says that a beginning is written down, and has not written it.
    StartsUnwritten,
    /// The journal says that a result is written down, and forgets its receipt.
    LosesReceipts,
    /// The store lets whoever saves last win.
    LetsEverybodySave,
    /// The store finds nothing that is to be taken over.
    FindsNothingUnfinished,
    /// The ledger says that a hold is settled for nothing, and keeps it.
    KeepsHolds,
    /// The ledger charges whenever it is asked to, instead of once.
    ChargesAgain,
    /// The audit log says that a beginning is written down, and has not written it.
    OmitsRecords,
    /// The audit log writes every beginning down twice.
    RecordsTwice,
    /// Somebody changes a record of the audit log.
    RewritesTheLog,
    /// The machine calls a process ended that it was asked to stop, and lets it run.
    DesertsProcesses,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::IgnoresEpochs,
        Self::ForgetsOrders,
        Self::StartsUnwritten,
        Self::LosesReceipts,
        Self::LetsEverybodySave,
        Self::FindsNothingUnfinished,
        Self::KeepsHolds,
        Self::ChargesAgain,
        Self::OmitsRecords,
        Self::RecordsTwice,
        Self::RewritesTheLog,
        Self::DesertsProcesses,
    ];
}

/// A journal with a flaw.
#[derive(Debug)]
pub(super) struct FlawedJournal(pub(super) Arc<dyn Journal>, pub(super) Flaw);

#[async_trait::async_trait]
impl Journal for FlawedJournal {
    async fn fence(&self, setup: SetupId, epoch: u64) -> Result<(), JournalError> {
        match self.0.fence(setup, epoch).await {
            Err(JournalError::StaleEpoch { .. }) if self.1 == Flaw::IgnoresEpochs => Ok(()),
            other => other,
        }
    }

    async fn receive(
        &self,
        command: &TaskCommand,
        at: Timestamp,
    ) -> Result<Reception, JournalError> {
        match self.0.receive(command, at).await {
            Err(JournalError::StaleEpoch { seen, .. }) if self.1 == Flaw::IgnoresEpochs => {
                self.0.receive(&TaskCommand { epoch: seen, ..command.clone() }, at).await
            }
            Ok(Reception::Known(_)) if self.1 == Flaw::ForgetsOrders => Ok(Reception::New),
            other => other,
        }
    }

    async fn start(
        &self,
        task: TaskId,
        attempt: u32,
        baseline: &Baseline,
        at: Timestamp,
    ) -> Result<(), JournalError> {
        if self.1 == Flaw::StartsUnwritten {
            return Ok(());
        }
        match self.0.start(task, attempt, baseline, at).await {
            Err(JournalError::AlreadyStarted { .. }) if self.1 == Flaw::ForgetsOrders => Ok(()),
            other => other,
        }
    }

    async fn append(&self, chunks: &[OutputChunk]) -> Result<(), JournalError> {
        self.0.append(chunks).await
    }

    async fn output(
        &self,
        task: TaskId,
        attempt: u32,
        after_seq: u64,
        limit: usize,
    ) -> Result<Vec<OutputChunk>, JournalError> {
        self.0.output(task, attempt, after_seq, limit).await
    }

    async fn finish(&self, result: &TaskResult, at: Timestamp) -> Result<(), JournalError> {
        let mut result = result.clone();
        if self.1 == Flaw::LosesReceipts {
            result.receipt = None;
        }
        self.0.finish(&result, at).await
    }

    async fn entry(&self, task: TaskId) -> Result<Option<Entry>, JournalError> {
        let entry = self.0.entry(task).await?;
        // What it takes for new it does not know.
        Ok(entry.filter(|_| self.1 != Flaw::ForgetsOrders))
    }

    async fn entries(&self) -> Result<Vec<Entry>, JournalError> {
        self.0.entries().await
    }

    async fn forget(&self, task: TaskId, attempt: u32, at: Timestamp) -> Result<(), JournalError> {
        self.0.forget(task, attempt, at).await
    }

    async fn receipts(&self) -> Result<Vec<Receipt>, JournalError> {
        self.0.receipts().await
    }

    async fn purge(&self, before: Timestamp) -> Result<usize, JournalError> {
        self.0.purge(before).await
    }
}

/// A store with a flaw.
#[derive(Debug)]
pub(super) struct FlawedStore(pub(super) Arc<dyn SetupStore>, pub(super) Flaw);

#[async_trait::async_trait]
impl SetupStore for FlawedStore {
    async fn create(
        &self,
        setup: &Setup,
        key: Option<&str>,
        news: &[ProgressEvent],
    ) -> Result<Setup, StoreError> {
        self.0.create(setup, key, news).await
    }

    async fn get(&self, id: SetupId) -> Result<Setup, StoreError> {
        self.0.get(id).await
    }

    async fn save(
        &self,
        setup: &mut Setup,
        news: &[ProgressEvent],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if self.1 == Flaw::LetsEverybodySave {
            setup.version = self.0.get(setup.id).await?.version;
        }
        self.0.save(setup, news, at).await
    }

    async fn tell(
        &self,
        id: SetupId,
        news: &[ProgressEvent],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.0.tell(id, news, at).await
    }

    async fn find(&self, account: AccountId, prefix: &str) -> Result<Vec<SetupId>, StoreError> {
        self.0.find(account, prefix).await
    }

    async fn list(&self, account: AccountId, page: Page) -> Result<Vec<Setup>, StoreError> {
        self.0.list(account, page).await
    }

    async fn unfinished(&self) -> Result<Vec<Setup>, StoreError> {
        let unfinished = self.0.unfinished().await?;
        Ok(if self.1 == Flaw::FindsNothingUnfinished { Vec::new() } else { unfinished })
    }

    async fn progress(
        &self,
        id: SetupId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Progress>, StoreError> {
        self.0.progress(id, after, limit).await
    }
}

/// A ledger with a flaw.
#[derive(Debug)]
pub(super) struct FlawedLedger {
    pub(super) ledger: Arc<dyn CreditLedger>,
    pub(super) flaw: Flaw,
    pub(super) holds: Mutex<BTreeSet<(HoldId, AccountId)>>,
}

#[async_trait::async_trait]
impl CreditLedger for FlawedLedger {
    async fn available(&self, account: AccountId) -> Result<Amount, LedgerError> {
        self.ledger.available(account).await
    }

    async fn promise(&self, promise: &Promise) -> Result<(), LedgerError> {
        self.ledger.promise(promise).await
    }

    async fn hold(&self, hold: &HoldRequest) -> Result<(), LedgerError> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner).insert((hold.id, hold.account));
        self.ledger.hold(hold).await
    }

    async fn settle(&self, hold: HoldId, charge: Amount) -> Result<(), LedgerError> {
        if self.flaw == Flaw::KeepsHolds && charge.is_zero() {
            return Ok(());
        }
        self.ledger.settle(hold, charge).await?;
        let account = {
            let holds = self.holds.lock().unwrap_or_else(PoisonError::into_inner);
            holds.iter().find(|(known, _)| *known == hold).map(|(_, account)| *account)
        };
        if self.flaw == Flaw::ChargesAgain
            && !charge.is_zero()
            && let Some(account) = account
        {
            let again = HoldId::generate();
            self.ledger.hold(&HoldRequest::new(again, account, charge)).await?;
            self.ledger.settle(again, charge).await?;
        }
        Ok(())
    }
}
