//! Writing off what nobody will hear of.
//!
//! 1. Somebody says that a device does not come back. What it may have begun is lost: nobody can
//!    tell what became of it. What was not sent is not begun. Nothing of that is charged.
//! 2. A device that comes back all the same is asked how it ended, and begins nothing more. What
//!    it changed is kept, so that it can be taken back; it stays lost, and costs nothing.
//! 3. Whoever lets the setup go on before that has to insist, as with everything of which nobody
//!    can tell how far it came. What the device has done it does not do again.

use super::{Effect, Setup, SetupState};
use crate::{
    Category, Outcome, ProbeAnswer, Problem, Receipt, StopMode, Task, TaskId, TaskResult, TaskState,
};

impl Setup {
    /// Ends what is out and what was not sent.
    pub(super) fn write_off(&mut self) -> Vec<Effect> {
        if self.state == SetupState::Running {
            self.state = SetupState::Stopping(StopMode::AfterStep);
        }
        self.waits_until = None;
        let epoch = self.epoch;
        for task in &mut self.tasks {
            if task.state.is_out() {
                task.state = TaskState::Finished(Box::new(lost(task, epoch)));
            } else if task.state == TaskState::Queued {
                task.state = TaskState::Skipped;
            }
        }
        self.go_on()
    }

    /// Whether a task was written off, and its device has not told yet how it ended.
    #[must_use]
    pub fn is_unheard(&self, id: TaskId) -> bool {
        self.task(id).and_then(Task::result).is_some_and(|result| self.waits_for_word(result))
    }

    /// The tasks of which that is so.
    pub fn unheard(&self) -> impl Iterator<Item = TaskId> {
        let results = self.tasks.iter().filter_map(Task::result);
        results.filter(|result| self.waits_for_word(result)).map(|result| result.task)
    }

    /// Asks a device that came back what became of what was written off.
    pub(super) fn ask_after_lost(&self) -> Vec<Effect> {
        let asked = |task| [Effect::Dispatch(task), Effect::Cancel(task, StopMode::AfterStep)];
        self.unheard().flat_map(asked).collect()
    }

    /// Notes how an attempt ended on which nothing depends any more: what it changed is there all
    /// the same.
    pub(super) fn hear_late(&mut self, at: usize, result: TaskResult) {
        let is_awaited = self.is_unheard(result.task);
        if let TaskState::Finished(known) = &mut self.tasks[at].state
            && is_awaited
            && known.attempt == result.attempt
        {
            known.probe = Some(match result.probe {
                _ if result.outcome.is_success() => ProbeAnswer::Done,
                Some(found) => found,
                None => ProbeAnswer::NotDone,
            });
            known.problem = Some(told_late(result.outcome));
        }
        self.keep_receipt(result.receipt);
    }

    /// Keeps what an attempt changed, once.
    pub(super) fn keep_receipt(&mut self, receipt: Option<Receipt>) {
        let Some(receipt) = receipt else { return };
        if !self.has_receipt(receipt.task, receipt.attempt) {
            self.receipts.push(receipt);
        }
    }

    fn has_receipt(&self, task: TaskId, attempt: u32) -> bool {
        self.receipts.iter().any(|kept| (kept.task, kept.attempt) == (task, attempt))
    }

    fn waits_for_word(&self, result: &TaskResult) -> bool {
        result.outcome == Outcome::Lost
            && matches!(result.probe, Some(ProbeAnswer::Unknown(_)))
            && !self.has_receipt(result.task, result.attempt)
    }
}

fn lost(task: &Task, epoch: u64) -> TaskResult {
    let why = Problem::new("D1-TASK-007", Category::Task, "nobody can tell what became of it")
        .because("its device was given up while it may have been at work")
        .leaving("nothing is charged for this step; what it did, if anything, is still there")
        .next("when its device comes back, how it ended is told here");
    TaskResult {
        problem: Some(why),
        probe: Some(ProbeAnswer::Unknown("its device was given up".to_owned())),
        ..TaskResult::not_started(task.id, task.attempt, epoch, Outcome::Lost)
    }
}

fn told_late(outcome: Outcome) -> Problem {
    let title = format!("its device came back after it was given up: this step had {outcome}");
    Problem::new("D1-TASK-008", Category::Task, title)
        .because("it was told after the setup was over")
        .leaving("what it changed is still there, and nothing is charged for it")
        .next("take the setup back, or let it go on")
}
