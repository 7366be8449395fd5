//! A [`Journal`] in memory: gone with its process, and otherwise as strict as one on disk.

use crate::{
    Baseline, Entry, Journal, JournalError, Output, OutputChunk, Receipt, Reception, SetupId,
    Stage, TaskCommand, TaskId, TaskResult, Timestamp,
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A [`Journal`] in memory.
///
/// It holds what [`Journal::forget`] and [`Journal::purge`] have not let go of, however
/// much that is.
#[derive(Debug, Default)]
pub struct MemoryJournal(Mutex<Notes>);

#[derive(Debug, Default)]
struct Notes {
    epochs: BTreeMap<SetupId, u64>,
    tasks: BTreeMap<TaskId, Placed>,
    output: BTreeMap<(TaskId, u32, u64), Output>,
    receipts: Vec<Receipt>,
    places: u64,
}

/// An entry, and its place in the order of writing down.
#[derive(Debug)]
struct Placed {
    place: u64,
    entry: Entry,
}

impl MemoryJournal {
    /// An empty journal.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No method leaves the notes half changed, so those of a thread that panicked are fine.
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl Journal for MemoryJournal {
    async fn fence(&self, setup: SetupId, epoch: u64) -> Result<(), JournalError> {
        self.notes().fence(setup, epoch)
    }

    async fn receive(
        &self,
        command: &TaskCommand,
        at: Timestamp,
    ) -> Result<Reception, JournalError> {
        self.notes().receive(command, at)
    }

    async fn start(
        &self,
        task: TaskId,
        attempt: u32,
        baseline: &Baseline,
        at: Timestamp,
    ) -> Result<(), JournalError> {
        let mut notes = self.notes();
        let entry = notes.ordered(task, attempt)?;
        if entry.stage != Stage::Received || attempt < entry.command.attempt {
            return Err(JournalError::AlreadyStarted { task, attempt });
        }
        (entry.stage, entry.at) = (Stage::Started(baseline.clone()), at);
        Ok(())
    }

    async fn append(&self, chunks: &[OutputChunk]) -> Result<(), JournalError> {
        let mut notes = self.notes();
        for chunk in chunks {
            let entry = notes.ordered(chunk.task, chunk.attempt)?;
            if matches!(entry.stage, Stage::Forgotten(_)) {
                return Err(JournalError::Unknown(chunk.task));
            }
        }
        for OutputChunk { task, attempt, seq, output } in chunks.iter().cloned() {
            notes.output.entry((task, attempt, seq)).or_insert(output);
        }
        Ok(())
    }

    async fn output(
        &self,
        task: TaskId,
        attempt: u32,
        after_seq: u64,
        limit: usize,
    ) -> Result<Vec<OutputChunk>, JournalError> {
        let Some(first) = after_seq.checked_add(1) else { return Ok(Vec::new()) };
        let notes = self.notes();
        let kept = notes.output.range((task, attempt, first)..=(task, attempt, u64::MAX));
        let chunk = |(&(task, attempt, seq), output): (&_, &Output)| OutputChunk {
            task,
            attempt,
            seq,
            output: output.clone(),
        };
        Ok(kept.take(limit).map(chunk).collect())
    }

    async fn finish(&self, result: &TaskResult, at: Timestamp) -> Result<(), JournalError> {
        self.notes().finish(result, at)
    }

    async fn entry(&self, task: TaskId) -> Result<Option<Entry>, JournalError> {
        Ok(self.notes().tasks.get(&task).map(|placed| placed.entry.clone()))
    }

    async fn entries(&self) -> Result<Vec<Entry>, JournalError> {
        let notes = self.notes();
        let is_here = |placed: &&Placed| !matches!(placed.entry.stage, Stage::Forgotten(_));
        let mut here: Vec<_> = notes.tasks.values().filter(is_here).collect();
        here.sort_by_key(|placed| placed.place);
        Ok(here.into_iter().map(|placed| placed.entry.clone()).collect())
    }

    async fn forget(&self, task: TaskId, attempt: u32, at: Timestamp) -> Result<(), JournalError> {
        let mut notes = self.notes();
        let Some(Placed { entry, .. }) = notes.tasks.get_mut(&task) else { return Ok(()) };
        if attempt < entry.command.attempt {
            return Ok(());
        }
        let outcome = match &entry.stage {
            Stage::Received | Stage::Started(_) => return Err(JournalError::NotFinished(task)),
            Stage::Finished(result) => result.outcome,
            Stage::Forgotten(_) => return Ok(()),
        };
        (entry.stage, entry.at) = (Stage::Forgotten(outcome), at);
        notes.output.retain(|(owner, _, _), _| *owner != task);
        Ok(())
    }

    async fn receipts(&self) -> Result<Vec<Receipt>, JournalError> {
        Ok(self.notes().receipts.clone())
    }

    async fn purge(&self, before: Timestamp) -> Result<usize, JournalError> {
        let mut notes = self.notes();
        let known = notes.tasks.len();
        let is_old =
            |entry: &Entry| matches!(entry.stage, Stage::Forgotten(_)) && entry.at < before;
        notes.tasks.retain(|_, placed| !is_old(&placed.entry));
        Ok(known - notes.tasks.len())
    }
}

impl Notes {
    fn fence(&mut self, setup: SetupId, given: u64) -> Result<(), JournalError> {
        let seen = self.epochs.entry(setup).or_insert(given);
        if given < *seen {
            return Err(JournalError::StaleEpoch { setup, given, seen: *seen });
        }
        *seen = given;
        Ok(())
    }

    fn receive(&mut self, command: &TaskCommand, at: Timestamp) -> Result<Reception, JournalError> {
        self.fence(command.setup, command.epoch)?;
        if let Some(Placed { entry, .. }) = self.tasks.get(&command.task)
            && !entry.gives_way_to(command.attempt)
        {
            return Ok(Reception::Known(Box::new(entry.clone())));
        }
        let entry = Entry { command: command.clone(), stage: Stage::Received, at };
        self.places += 1;
        self.tasks.insert(command.task, Placed { place: self.places, entry });
        Ok(Reception::New)
    }

    /// The entry of an attempt that was ordered once: the present one, or one before it.
    fn ordered(&mut self, task: TaskId, attempt: u32) -> Result<&mut Entry, JournalError> {
        let placed = self.tasks.get_mut(&task);
        let entry = placed.map(|placed| &mut placed.entry);
        entry.filter(|entry| attempt <= entry.command.attempt).ok_or(JournalError::Unknown(task))
    }

    fn finish(&mut self, result: &TaskResult, at: Timestamp) -> Result<(), JournalError> {
        let entry = self.ordered(result.task, result.attempt)?;
        let is_over = matches!(entry.stage, Stage::Finished(_) | Stage::Forgotten(_));
        if is_over || result.attempt < entry.command.attempt {
            return Ok(());
        }
        (entry.stage, entry.at) = (Stage::Finished(Box::new(result.clone())), at);
        let Some(receipt) = &result.receipt else { return Ok(()) };
        if let Some(reverted) = receipt.reverts
            && result.outcome.is_success()
        {
            self.receipts.retain(|earlier| earlier.task != reverted);
        }
        self.receipts.push(receipt.clone());
        Ok(())
    }
}
