//! The one function by which a setup changes.

use super::{Effect, Setup, SetupEvent, SetupOutcome, SetupState};
use crate::{
    Amount, Category, IllegalTransition, Outcome, Problem, StopMode, Task, TaskResult, TaskState,
    Timestamp,
};

impl Setup {
    /// Lets `event` happen and tells what has to be done. On error nothing has changed.
    pub fn on(
        &mut self,
        event: SetupEvent,
        at: Timestamp,
    ) -> Result<Vec<Effect>, IllegalTransition> {
        use {SetupEvent as E, SetupState as S};
        let until = at.after(self.terms.deliver_within);
        let effects = match (self.state, event) {
            (S::AwaitingApproval, E::Approve) => {
                self.asks = None;
                self.state = S::Running;
                self.waits_until = Some(until);
                self.go_on()
            }
            (S::AwaitingApproval, E::Decline | E::Stop(_)) => {
                self.asks = None;
                self.state = S::Finished(SetupOutcome::Declined);
                vec![Effect::Settle(Amount::ZERO)]
            }
            (
                S::Running
                | S::Stopping(_)
                | S::Finished(
                    SetupOutcome::Succeeded
                    | SetupOutcome::NoChange
                    | SetupOutcome::Failed
                    | SetupOutcome::Cancelled,
                ),
                E::Task(id, event),
            ) => self.on_task(id, event)?,
            (S::Running | S::Stopping(_), E::LinkLost) => self.lose_link(until),
            (S::Running | S::Stopping(_), E::LinkUp) => self.send_again(),
            (S::Running, E::Expire) => self.expire(),
            (S::AwaitingApproval | S::Stopping(_) | S::Finished(_), E::Expire) => Vec::new(),
            (S::Finished(_), E::LinkUp) => self.ask_after_lost(),
            (S::AwaitingApproval, E::LinkUp) => Vec::new(),
            (S::AwaitingApproval | S::Finished(_), E::LinkLost) => Vec::new(),
            (S::Running | S::Stopping(_), E::WriteOff) => self.write_off(),
            (S::Running, E::Stop(mode)) => self.stop(mode),
            (S::Stopping(before), E::Stop(mode)) => self.stop(before.max(mode)),
            (S::Finished(SetupOutcome::Failed | SetupOutcome::Cancelled), E::Resume) => {
                self.waits_until = Some(until);
                self.resume()
            }
            (S::Running, E::Resume) => Vec::new(),

            (S::Running, E::Approve) => Vec::new(), // said twice, done once

            // Nobody said yes, so no device has heard of its tasks.
            (
                state @ (S::AwaitingApproval | S::Finished(SetupOutcome::Declined)),
                event @ E::Task(..),
            ) => return Err(illegal(state.name(), event.name())),
            (state @ (S::Stopping(_) | S::Finished(_)), event @ (E::Approve | E::Resume))
            | (state @ (S::Running | S::Stopping(_) | S::Finished(_)), event @ E::Decline)
            | (state @ S::AwaitingApproval, event @ (E::Resume | E::WriteOff))
            | (state @ S::Finished(_), event @ (E::Stop(_) | E::WriteOff)) => {
                return Err(illegal(state.name(), event.name()));
            }
        };
        self.changed_at = at;
        Ok(effects)
    }

    fn lose_link(&mut self, until: Timestamp) -> Vec<Effect> {
        self.fall_silent();
        if self.state == SetupState::Running {
            self.waits_until.get_or_insert(until);
        }
        Vec::new()
    }

    fn fall_silent(&mut self) {
        for task in self.tasks.iter_mut().filter(|task| task.state.is_out()) {
            task.state = TaskState::Silent;
        }
    }

    fn send_again(&mut self) -> Vec<Effect> {
        self.waits_until = None;
        self.fall_silent();
        let silent = self.tasks.iter().filter(|task| task.state == TaskState::Silent);
        let mut effects: Vec<_> = silent.map(|task| Effect::Dispatch(task.id)).collect();
        if let SetupState::Stopping(mode) = self.state {
            let silent = self.tasks.iter().filter(|task| task.state == TaskState::Silent);
            effects.extend(silent.map(|task| Effect::Cancel(task.id, mode)));
        }
        effects.extend(self.go_on());
        effects
    }

    /// Ends what was not sent: the device has never heard of it. What it may have heard of only
    /// its own word ends.
    fn expire(&mut self) -> Vec<Effect> {
        self.waits_until = None;
        let ready = self.ready();
        for task in self.tasks.iter_mut().filter(|task| task.state == TaskState::Queued) {
            task.state = if ready.contains(&task.id) {
                TaskState::Finished(Box::new(too_late(task, self.epoch)))
            } else {
                TaskState::Skipped
            };
        }
        self.go_on()
    }

    fn stop(&mut self, mode: StopMode) -> Vec<Effect> {
        self.state = SetupState::Stopping(mode);
        self.waits_until = None;
        for task in self.tasks.iter_mut().filter(|task| task.state == TaskState::Queued) {
            task.state = TaskState::Skipped;
        }
        let out = self.tasks.iter().filter(|task| task.state.is_out());
        let mut effects: Vec<_> = out.map(|task| Effect::Cancel(task.id, mode)).collect();
        effects.extend(self.go_on());
        effects
    }

    fn resume(&mut self) -> Vec<Effect> {
        self.asks = None;
        // What has succeeded was settled when the run before this one ended.
        self.charged = self.charge();
        self.resumed += 1;
        for task in &mut self.tasks {
            let again = match task.outcome() {
                Some(outcome) => !outcome.is_success(),
                None => true,
            };
            if again {
                task.attempt += u32::from(task.outcome().is_some());
                task.state = TaskState::Queued;
            }
        }
        self.state = SetupState::Running;
        self.go_on()
    }
}

/// The end of a task for which its device did not come in time.
fn too_late(task: &Task, epoch: u64) -> TaskResult {
    let why = Problem::new("D1-TASK-005", Category::Timeout, "its device did not come in time")
        .because("it waited for as long as was agreed on when the setup was made")
        .leaving("nothing was changed by this step, and nothing is charged for it")
        .next("when the device is there again, let the setup go on");
    let ended = TaskResult::not_started(task.id, task.attempt, epoch, Outcome::Undeliverable);
    TaskResult { problem: Some(why), ..ended }
}

pub(super) fn illegal(from: &'static str, event: &'static str) -> IllegalTransition {
    IllegalTransition { noun: "setup", from, event }
}
