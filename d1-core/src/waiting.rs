//! A task that waits for a yes at the machine itself.

use crate::{Digest, Risk, TaskCommand, Timestamp};
use serde::Serialize;

/// A task that waits for a yes at the machine itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaitingTask {
    /// What was ordered.
    pub command: TaskCommand,
    /// How grave the device takes it to be.
    pub risk: Risk,
    /// Why, in one sentence.
    pub why: String,
    /// Who ordered it.
    pub by: String,
    /// When nobody's answer counts as a no.
    pub until: Timestamp,
}

impl WaitingTask {
    /// What a yes is a yes to: this attempt of exactly this step, and nothing that takes its place.
    #[must_use]
    pub fn what(&self) -> Digest {
        Self::of(&self.command)
    }

    /// The same, of an order.
    #[must_use]
    pub fn of(command: &TaskCommand) -> Digest {
        let TaskCommand { task, setup, plan, attempt, step, .. } = command;
        let parts = (task, setup, plan, attempt, step);
        // Plain structs and ordered maps only: this cannot fail.
        Digest::of(&serde_json::to_vec(&parts).unwrap_or_default())
    }
}
