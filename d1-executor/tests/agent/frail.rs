//! A journal that fails, or holds its answer back, at a chosen moment.

use d1_core::{
    Baseline, Entry, Journal, JournalError, OutputChunk, Receipt, Reception, SetupId, TaskCommand,
    TaskId, TaskResult, Timestamp,
};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};
use tokio::sync::watch;

/// A moment in a journal's life: before or after a write is on the disk.
pub(crate) type Moment = &'static str;

/// Every moment of a task's life, in their order.
pub(crate) const MOMENTS: [Moment; 6] = [
    "before receive",
    "after receive",
    "before start",
    "after start",
    "before finish",
    "after finish",
];

/// A journal that fails, or holds its answer back, at a chosen moment.
#[derive(Debug)]
pub(crate) struct Frail {
    inner: Arc<dyn Journal>,
    failing: Mutex<BTreeSet<Moment>>,
    holding: watch::Sender<Option<Moment>>,
    reached: watch::Sender<bool>,
}

impl Frail {
    /// One that keeps what it keeps in `inner`, and nothing is wrong with it yet.
    pub(crate) fn over(inner: Arc<dyn Journal>) -> Self {
        Self {
            inner,
            failing: Mutex::default(),
            holding: watch::Sender::default(),
            reached: watch::Sender::default(),
        }
    }

    /// From now on it fails at this moment.
    pub(crate) fn fail(&self, moment: Moment) {
        self.failing.lock().unwrap().insert(moment);
    }

    /// From now on all is well.
    pub(crate) fn mend(&self) {
        self.failing.lock().unwrap().clear();
    }

    /// From now on whoever comes to this moment waits there.
    pub(crate) fn hold(&self, moment: Moment) {
        self.reached.send_replace(false);
        self.holding.send_replace(Some(moment));
    }

    /// Lets everybody go on.
    pub(crate) fn let_go(&self) {
        self.holding.send_replace(None);
    }

    /// Waits until somebody waits at the moment.
    pub(crate) async fn reached(&self) {
        self.reached.subscribe().wait_for(|reached| *reached).await.unwrap();
    }

    async fn pass(&self, moment: Moment) -> Result<(), JournalError> {
        let mut holding = self.holding.subscribe();
        if *holding.borrow_and_update() == Some(moment) {
            self.reached.send_replace(true);
            holding.wait_for(|held| *held != Some(moment)).await.unwrap();
        }
        if self.failing.lock().unwrap().contains(moment) {
            return Err(JournalError::Backend { doing: moment, source: "no space left".into() });
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl Journal for Frail {
    async fn fence(&self, setup: SetupId, epoch: u64) -> Result<(), JournalError> {
        self.inner.fence(setup, epoch).await
    }

    async fn receive(
        &self,
        command: &TaskCommand,
        at: Timestamp,
    ) -> Result<Reception, JournalError> {
        self.pass("before receive").await?;
        let reception = self.inner.receive(command, at).await?;
        self.pass("after receive").await?;
        Ok(reception)
    }

    async fn start(
        &self,
        task: TaskId,
        attempt: u32,
        baseline: &Baseline,
        at: Timestamp,
    ) -> Result<(), JournalError> {
        self.pass("before start").await?;
        self.inner.start(task, attempt, baseline, at).await?;
        self.pass("after start").await
    }

    async fn append(&self, chunks: &[OutputChunk]) -> Result<(), JournalError> {
        self.pass("before append").await?;
        self.inner.append(chunks).await
    }

    async fn output(
        &self,
        task: TaskId,
        attempt: u32,
        after_seq: u64,
        limit: usize,
    ) -> Result<Vec<OutputChunk>, JournalError> {
        self.inner.output(task, attempt, after_seq, limit).await
    }

    async fn finish(&self, result: &TaskResult, at: Timestamp) -> Result<(), JournalError> {
        self.pass("before finish").await?;
        self.inner.finish(result, at).await?;
        self.pass("after finish").await
    }

    async fn entry(&self, task: TaskId) -> Result<Option<Entry>, JournalError> {
        self.inner.entry(task).await
    }

    async fn entries(&self) -> Result<Vec<Entry>, JournalError> {
        self.inner.entries().await
    }

    async fn forget(&self, task: TaskId, attempt: u32, at: Timestamp) -> Result<(), JournalError> {
        self.inner.forget(task, attempt, at).await
    }

    async fn receipts(&self) -> Result<Vec<Receipt>, JournalError> {
        self.inner.receipts().await
    }

    async fn purge(&self, before: Timestamp) -> Result<usize, JournalError> {
        self.inner.purge(before).await
    }
}
