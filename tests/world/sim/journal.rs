//! A device's journal, watched: what it accepts and what it writes down is noted.

use super::{disk::Disk, ground::Ground, history::Event, machine::Processes};
use d1_core::{
    Baseline, DeviceId, Entry, Journal, JournalError, OutputChunk, Receipt, Reception, SetupId,
    TaskCommand, TaskId, TaskResult, Timestamp,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The highest epoch that a device heard of, for every setup; it outlives its processes.
pub(super) type Seen = Arc<Mutex<BTreeMap<SetupId, u64>>>;

/// A device's journal, in one life of its daemon.
#[derive(Debug)]
pub(super) struct WatchedJournal {
    pub(super) device: DeviceId,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) disk: Disk,
    pub(super) ground: Arc<Ground>,
    pub(super) seen: Seen,
    pub(super) processes: Processes,
}

impl WatchedJournal {
    /// Notes that an epoch was heard of; tells the highest one before.
    fn hear(&self, setup: SetupId, epoch: u64) -> u64 {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let highest = seen.entry(setup).or_default();
        let before = *highest;
        *highest = before.max(epoch);
        before
    }
}

#[async_trait::async_trait]
impl Journal for WatchedJournal {
    async fn fence(&self, setup: SetupId, epoch: u64) -> Result<(), JournalError> {
        let fence = async {
            self.hear(setup, epoch);
            self.journal.fence(setup, epoch).await
        };
        self.disk.write("note an epoch", fence).await
    }

    async fn receive(
        &self,
        command: &TaskCommand,
        at: Timestamp,
    ) -> Result<Reception, JournalError> {
        let &TaskCommand { setup, task, attempt, epoch, .. } = command;
        let receive = async {
            let received = self.journal.receive(command, at).await;
            let seen = self.hear(setup, epoch);
            if matches!(received, Ok(Reception::New)) {
                let device = self.device;
                let accepted = Event::Accepted { device, setup, task, attempt, epoch, seen };
                self.ground.history.note(accepted);
            }
            received
        };
        self.disk.write("write an order down", receive).await
    }

    async fn start(
        &self,
        task: TaskId,
        attempt: u32,
        baseline: &Baseline,
        at: Timestamp,
    ) -> Result<(), JournalError> {
        let start = self.journal.start(task, attempt, baseline, at);
        self.disk.write("note a beginning", start).await
    }

    async fn append(&self, chunks: &[OutputChunk]) -> Result<(), JournalError> {
        self.disk.write("keep output", self.journal.append(chunks)).await
    }

    async fn output(
        &self,
        task: TaskId,
        attempt: u32,
        after_seq: u64,
        limit: usize,
    ) -> Result<Vec<OutputChunk>, JournalError> {
        self.disk.read(self.journal.output(task, attempt, after_seq, limit)).await
    }

    async fn finish(&self, result: &TaskResult, at: Timestamp) -> Result<(), JournalError> {
        let finish = async {
            let finished = self.journal.finish(result, at).await;
            if finished.is_ok() {
                let (task, attempt) = (result.task, result.attempt);
                let (has_receipt, alive) =
                    (result.receipt.is_some(), self.processes.are_alive(task, attempt));
                let recorded = Event::Recorded { task, attempt, has_receipt, alive };
                self.ground.history.note(recorded);
            }
            finished
        };
        self.disk.write("write a result down", finish).await
    }

    async fn entry(&self, task: TaskId) -> Result<Option<Entry>, JournalError> {
        self.disk.read(self.journal.entry(task)).await
    }

    async fn entries(&self) -> Result<Vec<Entry>, JournalError> {
        self.disk.read(self.journal.entries()).await
    }

    async fn forget(&self, task: TaskId, attempt: u32, at: Timestamp) -> Result<(), JournalError> {
        self.disk.write("forget a task", self.journal.forget(task, attempt, at)).await
    }

    async fn receipts(&self) -> Result<Vec<Receipt>, JournalError> {
        self.disk.read(self.journal.receipts()).await
    }

    async fn purge(&self, before: Timestamp) -> Result<usize, JournalError> {
        self.disk.write("purge its journal", self.journal.purge(before)).await
    }
}
