//! Journals with one flaw each.

use crate::broken_laws;
use d1_core::{
    Baseline, Entry, Journal, JournalError, OutputChunk, Receipt, Reception, SetupId, Stage,
    TaskCommand, TaskId, TaskResult, Timestamp, conformance, memory::MemoryJournal,
};
use std::sync::Arc;

/// What is wrong with a journal.
#[derive(Clone, Copy, Debug)]
enum JournalFlaw {
    ForgetsFences,
    ReceivesInTwoSteps,
    ReceivesAnewForever,
    StartsTwice,
    LosesTheEndOfOutput,
    RepeatsOutput,
    KeepsOutputOfNobody,
    ForgetsWhatRuns,
    ForgetsLaterAttempts,
    LosesTombstones,
    ListsNewestFirst,
    LosesReceiptsOfTheForgotten,
    NeverTakesBack,
    PurgesTheMomentItself,
    FinishesUnheardOf,
}

use JournalFlaw as F;

/// Each flaw, and the laws that it breaks.
const CASES: [(F, &[&str]); 15] = [
    (
        F::ForgetsFences,
        &[
            "a_lower_epoch_is_refused",
            "every_setup_has_its_own_fence",
            "of_racing_fences_the_highest_stays",
            "receiving_fences_first",
            "only_old_tombstones_are_purged",
        ],
    ),
    (F::ReceivesInTwoSteps, &["of_racing_orders_one_is_new"]),
    (
        F::ReceivesAnewForever,
        &[
            "receiving_fences_first",
            "an_order_that_comes_again_is_known",
            "an_older_attempt_is_known",
            "a_higher_attempt_waits_for_the_end",
            "a_higher_attempt_follows_a_failure",
            "no_attempt_follows_a_success",
            "of_racing_orders_one_is_new",
        ],
    ),
    (F::StartsTwice, &["of_racing_starts_one_begins", "what_has_ended_never_begins"]),
    (
        F::LosesTheEndOfOutput,
        &[
            "output_is_kept_exactly_and_in_order",
            "a_chunk_is_kept_once",
            "output_goes_on_after_a_number",
        ],
    ),
    (F::RepeatsOutput, &["output_goes_on_after_a_number"]),
    (F::KeepsOutputOfNobody, &["output_nobody_ordered_is_refused_whole"]),
    (F::ForgetsWhatRuns, &["what_has_not_ended_is_not_forgotten"]),
    (F::ForgetsLaterAttempts, &["a_late_word_forgets_no_later_attempt"]),
    (
        F::LosesTombstones,
        &[
            "an_order_that_comes_again_is_known",
            "an_older_attempt_is_known",
            "no_attempt_follows_a_success",
            "forgetting_leaves_a_tombstone_alone",
            "only_old_tombstones_are_purged",
        ],
    ),
    (F::ListsNewestFirst, &["entries_are_oldest_first"]),
    (
        F::LosesReceiptsOfTheForgotten,
        &[
            "of_racing_results_the_first_stays",
            "forgetting_leaves_a_tombstone_alone",
            "receipts_outlive_their_tasks",
        ],
    ),
    (
        F::NeverTakesBack,
        &[
            "a_receipt_taken_back_stands_no_more",
            "a_failed_taking_back_takes_nothing",
            "only_what_came_before_is_taken_back",
            "receipts_outlive_their_tasks",
        ],
    ),
    (F::PurgesTheMomentItself, &["only_old_tombstones_are_purged"]),
    (F::FinishesUnheardOf, &["a_result_nobody_waits_for_is_refused"]),
];

#[tokio::test]
async fn a_broken_journal_fails_its_exam_by_the_right_laws() {
    for (flaw, expected) in CASES {
        let make = || async move {
            Arc::new(FlawedJournal { inner: MemoryJournal::new(), flaw }) as Arc<dyn Journal>
        };
        assert_eq!(broken_laws(conformance::journal(make)).await, expected, "{flaw:?}");
    }
}

#[derive(Debug)]
struct FlawedJournal {
    inner: MemoryJournal,
    flaw: JournalFlaw,
}

#[async_trait::async_trait]
impl Journal for FlawedJournal {
    async fn fence(&self, setup: SetupId, epoch: u64) -> Result<(), JournalError> {
        match (self.flaw, self.inner.fence(setup, epoch).await) {
            (JournalFlaw::ForgetsFences, Err(JournalError::StaleEpoch { .. })) => Ok(()),
            (_, fenced) => fenced,
        }
    }

    async fn receive(
        &self,
        command: &TaskCommand,
        at: Timestamp,
    ) -> Result<Reception, JournalError> {
        let known = self.inner.entry(command.task).await?;
        if matches!(self.flaw, JournalFlaw::ReceivesInTwoSteps) {
            tokio::task::yield_now().await;
            if known.is_none() {
                self.inner.receive(command, at).await?;
                return Ok(Reception::New);
            }
        }
        match self.inner.receive(command, at).await? {
            Reception::Known(_) if matches!(self.flaw, JournalFlaw::ReceivesAnewForever) => {
                Ok(Reception::New)
            }
            told => Ok(told),
        }
    }

    async fn start(
        &self,
        task: TaskId,
        attempt: u32,
        baseline: &Baseline,
        at: Timestamp,
    ) -> Result<(), JournalError> {
        match (self.flaw, self.inner.start(task, attempt, baseline, at).await) {
            (JournalFlaw::StartsTwice, Err(JournalError::AlreadyStarted { .. })) => Ok(()),
            (_, started) => started,
        }
    }

    async fn append(&self, chunks: &[OutputChunk]) -> Result<(), JournalError> {
        match self.flaw {
            JournalFlaw::LosesTheEndOfOutput if chunks.len() > 4 => {
                self.inner.append(&chunks[..chunks.len() - 1]).await
            }
            JournalFlaw::KeepsOutputOfNobody => {
                for chunk in chunks {
                    drop(self.inner.append(std::slice::from_ref(chunk)).await);
                }
                Ok(())
            }
            _ => self.inner.append(chunks).await,
        }
    }

    async fn output(
        &self,
        task: TaskId,
        attempt: u32,
        after_seq: u64,
        limit: usize,
    ) -> Result<Vec<OutputChunk>, JournalError> {
        let after = match self.flaw {
            JournalFlaw::RepeatsOutput => after_seq.saturating_sub(1),
            _ => after_seq,
        };
        self.inner.output(task, attempt, after, limit).await
    }

    async fn finish(&self, result: &TaskResult, at: Timestamp) -> Result<(), JournalError> {
        let mut result = result.clone();
        match (self.flaw, &mut result.receipt) {
            (JournalFlaw::NeverTakesBack, Some(receipt)) => receipt.reverts = None,
            (JournalFlaw::FinishesUnheardOf, _) => {
                drop(self.inner.finish(&result, at).await);
                return Ok(());
            }
            _ => {}
        }
        self.inner.finish(&result, at).await
    }

    async fn entry(&self, task: TaskId) -> Result<Option<Entry>, JournalError> {
        let entry = self.inner.entry(task).await?;
        let is_lost = |entry: &Entry| {
            matches!(self.flaw, JournalFlaw::LosesTombstones)
                && matches!(entry.stage, Stage::Forgotten(_))
        };
        Ok(entry.filter(|entry| !is_lost(entry)))
    }

    async fn entries(&self) -> Result<Vec<Entry>, JournalError> {
        let mut entries = self.inner.entries().await?;
        if matches!(self.flaw, JournalFlaw::ListsNewestFirst) {
            entries.reverse();
        }
        Ok(entries)
    }

    async fn forget(&self, task: TaskId, attempt: u32, at: Timestamp) -> Result<(), JournalError> {
        let attempt = match self.flaw {
            JournalFlaw::ForgetsLaterAttempts => u32::MAX,
            _ => attempt,
        };
        match (self.flaw, self.inner.forget(task, attempt, at).await) {
            (JournalFlaw::ForgetsWhatRuns, Err(JournalError::NotFinished(_))) => Ok(()),
            (_, forgotten) => forgotten,
        }
    }

    async fn receipts(&self) -> Result<Vec<Receipt>, JournalError> {
        let mut receipts = self.inner.receipts().await?;
        if matches!(self.flaw, JournalFlaw::LosesReceiptsOfTheForgotten) {
            let here = self.inner.entries().await?;
            receipts.retain(|receipt| here.iter().any(|entry| entry.command.task == receipt.task));
        }
        Ok(receipts)
    }

    async fn purge(&self, before: Timestamp) -> Result<usize, JournalError> {
        let before = match self.flaw {
            JournalFlaw::PurgesTheMomentItself => Timestamp(before.0.saturating_add(1)),
            _ => before,
        };
        self.inner.purge(before).await
    }
}
