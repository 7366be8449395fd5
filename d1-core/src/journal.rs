//! The [`Journal`] port: what a device remembers of its tasks.
//!
//! "Write it down, then say it. Hear it twice, do it once." Every promise of the
//! delivery contract on the device's side is kept by this port.
//!
//! ```text
//!   receive ──▶ Received ──start──▶ Started ──finish──▶ Finished ──forget──▶ (tombstone)
//!                  └──────────────finish──────────────────▲
//! ```

use crate::{
    Baseline, Outcome, OutputChunk, Receipt, SetupId, TaskCommand, TaskId, TaskResult, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::{error::Error, fmt, time::Duration};

/// How far a task has come on its device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Written down; nothing has happened yet.
    Received,
    /// Begun, with everything as it was before.
    Started(Baseline),
    /// Over.
    Finished(Box<TaskResult>),
    /// Over, told, and never to be sent again; only how it ended is still known.
    Forgotten(Outcome),
}

/// One task as its device remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What was ordered. For a tombstone this is what was ordered last.
    pub command: TaskCommand,
    /// How far it has come.
    pub stage: Stage,
    /// When it came to this stage.
    pub at: Timestamp,
}

impl Entry {
    /// Whether an order of `attempt` takes its place: it is a higher one, and this one
    /// has ended without success.
    #[must_use]
    pub fn gives_way_to(&self, attempt: u32) -> bool {
        let outcome = match &self.stage {
            Stage::Received | Stage::Started(_) => return false,
            Stage::Finished(result) => result.outcome,
            Stage::Forgotten(outcome) => *outcome,
        };
        !outcome.is_success() && attempt > self.command.attempt
    }
}

/// What became of an order that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reception {
    /// It is new, and now written down.
    New,
    /// It is known already; this is what is known.
    Known(Box<Entry>),
}

/// Why the journal could not do as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// A newer orchestrator has spoken for this setup.
    #[error("epoch {given} of setup {setup} is over; epoch {seen} has been seen")]
    StaleEpoch {
        /// Whose epoch.
        setup: SetupId,
        /// What the message carried.
        given: u64,
        /// The highest seen.
        seen: u64,
    },
    /// The attempt has begun or ended before.
    #[error("attempt {attempt} of task {task} has begun before; it is never begun twice")]
    AlreadyStarted {
        /// Which task.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
    },
    /// Nobody ordered this.
    #[error("there is no task {0} in the journal")]
    Unknown(TaskId),
    /// It has not ended; only what has ended can be forgotten.
    #[error("task {0} has not ended; forget it once it has")]
    NotFinished(TaskId),
    /// The storage is in trouble.
    #[error("the journal could not {doing}")]
    Backend {
        /// What it was doing.
        doing: &'static str,
        /// What went wrong.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// What a device remembers of its tasks.
///
/// Everything but [`Journal::append`] is durable when it returns: it survives the
/// death of the process and of the machine.
#[async_trait::async_trait]
pub trait Journal: fmt::Debug + Send + Sync {
    /// Notes that `epoch` has been seen for `setup`; refuses a lower one than seen before.
    async fn fence(&self, setup: SetupId, epoch: u64) -> Result<(), JournalError>;

    /// Writes an order down, once.
    ///
    /// Fences first. A task nobody knows is new. So is a higher attempt of a task that
    /// is finished or forgotten without success: it takes the place of the earlier one.
    /// Anything else changes nothing and tells what is known: the same or an older
    /// attempt, and any attempt of a task that has not ended or has succeeded.
    async fn receive(
        &self,
        command: &TaskCommand,
        at: Timestamp,
    ) -> Result<Reception, JournalError>;

    /// Notes that the received attempt begins now. Refused when it has begun or ended
    /// before, and when nobody ordered it.
    async fn start(
        &self,
        task: TaskId,
        attempt: u32,
        baseline: &Baseline,
        at: Timestamp,
    ) -> Result<(), JournalError>;

    /// Keeps output. Chunks known by their `seq` are not kept twice. A crash may lose
    /// the last chunks, never ones in the middle. Refused, whole, when some of it is of
    /// an attempt that nobody ordered, or of a task that is forgotten.
    async fn append(&self, chunks: &[OutputChunk]) -> Result<(), JournalError>;

    /// The output of an attempt after `seq`, in order, at most `limit` chunks.
    async fn output(
        &self,
        task: TaskId,
        attempt: u32,
        after_seq: u64,
        limit: usize,
    ) -> Result<Vec<OutputChunk>, JournalError>;

    /// Notes the result, once; the first one stays. Its receipt stands from now on.
    /// Refused when nobody ordered the attempt; one that has given way is late, and
    /// changes nothing.
    async fn finish(&self, result: &TaskResult, at: Timestamp) -> Result<(), JournalError>;

    /// What is known of one task.
    async fn entry(&self, task: TaskId) -> Result<Option<Entry>, JournalError>;

    /// Every task that is not forgotten, in the order in which they were written down.
    async fn entries(&self) -> Result<Vec<Entry>, JournalError>;

    /// Lets go of a finished task's record and output, of all its attempts up to this one. The
    /// receipt, and the knowledge that it has been here, stay. Forgetting twice is fine,
    /// and so is forgetting what was never here, or what has given way to a later attempt;
    /// what has not ended is refused.
    async fn forget(&self, task: TaskId, attempt: u32, at: Timestamp) -> Result<(), JournalError>;

    /// Every receipt that stands, oldest first: written by a finished task and not
    /// taken back by a later one that succeeded. It outlives the task's tombstone.
    async fn receipts(&self) -> Result<Vec<Receipt>, JournalError>;

    /// Drops tombstones from before `before`; tells how many. Fences stay.
    async fn purge(&self, before: Timestamp) -> Result<usize, JournalError>;
}

/// How long a tombstone is kept at least: longer than any outage after which an
/// orchestrator might repeat itself.
pub const TOMBSTONE_AGE: Duration = Duration::from_secs(7 * 24 * 3600);
