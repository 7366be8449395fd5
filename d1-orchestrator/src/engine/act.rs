//! Carrying out effects: what is said to the device, after it was saved.
//!
//! A message that does not get through is not an error: the link is lost then, and gaining
//! one sends again whatever is not over.

use super::drive::Driver;
use crate::audit::dispatched;
use d1_core::{SetupEffect, SetupState, TaskCommand, TaskId, Timestamp, ToDevice};
use tokio::time::Instant;

impl Driver {
    /// Carries out `effects`, in order. `attempt` is that of the result to confirm.
    pub(super) async fn act(&mut self, effects: Vec<SetupEffect>, attempt: u32) {
        for effect in effects {
            match effect {
                SetupEffect::Dispatch(task) => self.dispatch(task).await,
                SetupEffect::Cancel(task, mode) => {
                    let (setup, epoch) = (self.setup.id, self.setup.epoch);
                    self.say(ToDevice::Cancel { task, setup, epoch, mode }).await;
                }
                SetupEffect::ConfirmResult(task) => {
                    self.say(ToDevice::ResultStored { task, attempt }).await;
                }
                SetupEffect::Settle(_) => self.wind_up().await,
            }
        }
    }

    /// Sends a task, or sends it again: a device begins an attempt once, however often it
    /// is told. What cannot be written into the audit log is not sent.
    pub(super) async fn dispatch(&mut self, task: TaskId) {
        let Some(command) = self.command(task) else { return };
        self.quiet_since.insert(task, Instant::now());
        if self.dispatched.insert((task, command.attempt)) {
            let entry = dispatched(self.setup.device, &command);
            if let Err(error) = self.engine.hub().note(entry).await {
                tracing::error!(setup = %self.setup.id, %error, "a task is not sent");
                // It counts as sent, gives no sign of life, and so is sent again later.
                self.dispatched.remove(&(task, command.attempt));
                return;
            }
        }
        self.say(ToDevice::Run(Box::new(command))).await;
    }

    pub(super) async fn say(&self, message: ToDevice) {
        let device = self.setup.device;
        if let Err(error) = self.engine.hub().send(device, message).await {
            tracing::debug!(setup = %self.setup.id, %error, "not sent");
        }
    }

    fn command(&self, id: TaskId) -> Option<TaskCommand> {
        let setup = &self.setup;
        let task = setup.task(id)?;
        Some(TaskCommand {
            task: id,
            setup: setup.id,
            plan: setup.plan.id(),
            attempt: task.attempt,
            epoch: setup.epoch,
            step: setup.plan.step(&task.step)?.clone(),
            deliver_by: if self.begins_nothing() { PAST } else { deadline(setup.state) },
            on_disconnect: setup.terms.on_disconnect,
            grace: TaskCommand::DEFAULT_GRACE,
            require_confirmation: false,
            hold: (!setup.quote.most().is_zero()).then(|| setup.hold()),
            traceparent: None,
            grant: setup.grant.clone(),
        })
    }
}

/// For whoever is sent this, the time to begin has passed.
const PAST: Option<Timestamp> = Some(Timestamp(0));

/// A setup that stops, or was given up, asks again after what it had sent, so as to hear how it
/// ended. A device that never got it must not begin it now: for it, any deadline has passed.
fn deadline(state: SetupState) -> Option<Timestamp> {
    match state {
        SetupState::Stopping(_) | SetupState::Finished(_) => PAST,
        SetupState::AwaitingApproval | SetupState::Running => None,
    }
}
