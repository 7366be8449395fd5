//! The life of one task, as its orchestrator sees it.
//!
//! ```text
//!            ┌───────────── Retry ──────────────┐
//!            ▼                                  │
//!         Queued ──Dispatch──▶ Sent ──Receive──▶ Received ──Start──▶ Running
//!            │                  │ ▲                 │                  │
//!            │                  │ └─Dispatch─┐      │                  │
//!            │                  └───Lose───▶ Silent ◀──────Lose────────┘
//!            └──Skip──▶ Skipped     Finish(result), from anywhere ──▶ Finished ──Retry──▶ Queued
//! ```
//!
//! A lost link makes a task silent, never failed: only the device's word ends it.

use crate::{Outcome, SetupId, Step, StepId, TaskId, TaskResult};
use serde::{Deserialize, Serialize};

/// One step of a setup, in the care of one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its name; the same for the same step of the same setup.
    pub id: TaskId,
    /// Which step it carries out.
    pub step: StepId,
    /// Which try this is, counted from one.
    pub attempt: u32,
    /// Where it is in its life.
    pub state: TaskState,
}

/// Where a task is in its life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Known, not yet sent.
    Queued,
    /// Sent; the device has not answered.
    Sent,
    /// The device has it written down.
    Received,
    /// The device has begun.
    Running,
    /// The link was lost; the device may still be at it.
    Silent,
    /// The device told how it ended.
    Finished(Box<TaskResult>),
    /// It was never sent, because something before it did not succeed.
    Skipped,
}

/// What can happen to a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskEvent {
    /// It is sent, or sent again.
    Dispatch,
    /// The device has written it down.
    Receive,
    /// The device has begun.
    Start,
    /// The link was lost.
    Lose,
    /// The device told how it ended.
    Finish(Box<TaskResult>),
    /// Something before it did not succeed.
    Skip,
    /// It is to be tried once more.
    Retry,
}

/// An event that has no place in the present state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {noun} that is {from} cannot {event}")]
pub struct IllegalTransition {
    /// A task or a setup.
    pub noun: &'static str,
    /// The state it was in.
    pub from: &'static str,
    /// What was tried.
    pub event: &'static str,
}

impl TaskState {
    /// Whether nothing more happens by itself.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match self {
            Self::Finished(_) | Self::Skipped => true,
            Self::Queued | Self::Sent | Self::Received | Self::Running | Self::Silent => false,
        }
    }

    /// Whether the device has it, as far as we know.
    #[must_use]
    pub fn is_out(&self) -> bool {
        match self {
            Self::Sent | Self::Received | Self::Running | Self::Silent => true,
            Self::Queued | Self::Finished(_) | Self::Skipped => false,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Received => "received",
            Self::Running => "running",
            Self::Silent => "silent",
            Self::Finished(_) => "finished",
            Self::Skipped => "skipped",
        }
    }

    /// The state after `event`, or the reason there is none.
    pub fn after(&self, event: TaskEvent) -> Result<Self, IllegalTransition> {
        use {TaskEvent as E, TaskState as S};
        match (self, event) {
            (S::Queued | S::Sent | S::Silent, E::Dispatch) => Ok(S::Sent),
            // News may be repeated, and may overtake each other after a reconnect.
            (S::Sent | S::Received | S::Silent, E::Receive) => Ok(S::Received),
            (S::Sent | S::Received | S::Running | S::Silent, E::Start) => Ok(S::Running),
            (S::Running, E::Receive) => Ok(S::Running),
            (S::Sent | S::Received | S::Running | S::Silent, E::Lose) => Ok(S::Silent),
            (S::Sent | S::Received | S::Running | S::Silent, E::Finish(result)) => {
                Ok(S::Finished(result))
            }
            (S::Queued, E::Skip) => Ok(S::Skipped),
            (S::Finished(_) | S::Skipped, E::Retry) => Ok(S::Queued),

            (S::Queued, e @ (E::Receive | E::Start | E::Lose | E::Finish(_) | E::Retry))
            | (S::Received | S::Running, e @ E::Dispatch)
            | (S::Sent | S::Received | S::Running | S::Silent, e @ (E::Skip | E::Retry))
            | (
                S::Finished(_) | S::Skipped,
                e @ (E::Dispatch | E::Receive | E::Start | E::Lose | E::Finish(_) | E::Skip),
            ) => Err(IllegalTransition { noun: "task", from: self.name(), event: e.name() }),
        }
    }
}

impl TaskEvent {
    const fn name(&self) -> &'static str {
        match self {
            Self::Dispatch => "be sent",
            Self::Receive => "be received",
            Self::Start => "begin",
            Self::Lose => "fall silent",
            Self::Finish(_) => "end",
            Self::Skip => "be skipped",
            Self::Retry => "be tried again",
        }
    }
}

impl Task {
    /// A task that waits to be sent.
    #[must_use]
    pub fn queued(setup: SetupId, step: &Step) -> Self {
        let id = TaskId::of_step(setup, &step.id);
        Self { id, step: step.id.clone(), attempt: 1, state: TaskState::Queued }
    }

    /// Lets `event` happen; on error nothing has changed.
    pub fn apply(&mut self, event: TaskEvent) -> Result<(), IllegalTransition> {
        let again = matches!((&self.state, &event), (TaskState::Finished(_), TaskEvent::Retry));
        self.state = self.state.after(event)?;
        self.attempt += u32::from(again);
        Ok(())
    }

    /// Whether this tells how it ended. Of an earlier attempt it does when that succeeded: a
    /// device does not begin again what it has done, whatever attempt it is asked for.
    #[must_use]
    pub fn is_ended_by(&self, result: &TaskResult) -> bool {
        let is_done = self.state.is_out() && result.outcome.is_success();
        !self.state.is_over() && (result.attempt >= self.attempt || is_done)
    }

    /// How it ended, when it has.
    #[must_use]
    pub fn result(&self) -> Option<&TaskResult> {
        match &self.state {
            TaskState::Finished(result) => Some(result),
            TaskState::Queued
            | TaskState::Sent
            | TaskState::Received
            | TaskState::Running
            | TaskState::Silent
            | TaskState::Skipped => None,
        }
    }

    /// The outcome, when it has one.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.result().map(|result| result.outcome)
    }
}
