//! How tasks bring a setup forward, and to its end.

use super::{Effect, Setup, SetupOutcome, SetupState, transition::illegal};
use crate::{IllegalTransition, Outcome, ProbeAnswer, StepId, Task, TaskEvent, TaskId, TaskState};

impl Setup {
    pub(super) fn on_task(
        &mut self,
        id: TaskId,
        event: TaskEvent,
    ) -> Result<Vec<Effect>, IllegalTransition> {
        let Some(at) = self.tasks.iter().position(|task| task.id == id) else {
            return Err(illegal("unknown", "hear of a task that is not its own"));
        };
        if matches!(event, TaskEvent::Start | TaskEvent::Finish(_)) {
            // Whoever was asked at the device has answered.
            self.asks = None;
        }
        let TaskEvent::Finish(result) = event else {
            // News of a task that has ended is late, not wrong.
            if !self.tasks[at].state.is_over() {
                self.tasks[at].apply(event)?;
            }
            return Ok(Vec::new());
        };
        if !self.tasks[at].is_ended_by(&result) {
            self.hear_late(at, *result);
            return Ok(vec![Effect::ConfirmResult(id)]);
        }
        let (outcome, probe) = (result.outcome, result.probe.clone());
        let receipt = result.receipt.clone();
        self.tasks[at].apply(TaskEvent::Finish(result))?;
        self.keep_receipt(receipt);
        let mut effects = vec![Effect::ConfirmResult(id)];
        let untouched = outcome == Outcome::Interrupted && probe == Some(ProbeAnswer::NotDone);
        if untouched
            && self.state == SetupState::Running
            && self.tasks[at].attempt < Self::MAX_ATTEMPTS
        {
            self.tasks[at].apply(TaskEvent::Retry)?;
        } else if !outcome.is_success() {
            self.skip_dependents(at)?;
        }
        effects.extend(self.go_on());
        Ok(effects)
    }

    /// Sends what can be sent, and ends the setup when nothing is left.
    pub(super) fn go_on(&mut self) -> Vec<Effect> {
        if self.tasks.iter().all(|task| task.state.is_over()) {
            self.state = SetupState::Finished(self.outcome());
            self.waits_until = None;
            return vec![Effect::Settle(self.due())];
        }
        if self.state != SetupState::Running {
            return Vec::new();
        }
        self.ready().into_iter().map(Effect::Dispatch).collect()
    }

    /// Queued tasks whose dependencies have all succeeded.
    pub(super) fn ready(&self) -> Vec<TaskId> {
        let succeeded = |step: &StepId| {
            let task = self.tasks.iter().find(|task| task.step == *step);
            task.and_then(Task::outcome).is_some_and(Outcome::is_success)
        };
        let waits = self.tasks.iter().filter(|task| task.state == TaskState::Queued);
        waits
            .filter(|task| {
                let step = self.plan.step(&task.step);
                step.is_some_and(|step| step.depends_on.iter().all(succeeded))
            })
            .map(|task| task.id)
            .collect()
    }

    fn skip_dependents(&mut self, at: usize) -> Result<(), IllegalTransition> {
        let step = self.tasks[at].step.clone();
        let later = self.plan.dependents(&step);
        for task in &mut self.tasks {
            if task.state == TaskState::Queued && later.contains(&task.step) {
                task.apply(TaskEvent::Skip)?;
            }
        }
        Ok(())
    }

    fn outcome(&self) -> SetupOutcome {
        let ends = || self.tasks.iter().map(Task::outcome);
        let stopping = matches!(self.state, SetupState::Stopping(_));
        if ends().all(|end| end == Some(Outcome::NoChange)) {
            SetupOutcome::NoChange
        } else if ends().all(|end| end.is_some_and(Outcome::is_success)) {
            SetupOutcome::Succeeded
        } else if stopping {
            SetupOutcome::Cancelled
        } else {
            SetupOutcome::Failed
        }
    }
}
