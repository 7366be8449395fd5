//! What a finished task really changed, written on the device.

use crate::{Change, Digest, IsolationReport, Manifest, Resource, SetupId, TaskId, Timestamp};
use serde::{Deserialize, Serialize};

/// What a finished task really changed. `undo` is planned from these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The task.
    pub task: TaskId,
    /// The setup it belongs to.
    pub setup: SetupId,
    /// Which attempt of it.
    pub attempt: u32,
    /// When it ended.
    pub at: Timestamp,
    /// Everything it changed.
    pub changes: Vec<Change>,
    /// What it needs and found already there: an undo of whoever brought it keeps it.
    pub relies_on: Vec<Resource>,
    /// Whether it may have changed more than can be told (a program or script ran).
    pub opaque: bool,
    /// What it was asked to take back and left, with the reason each time.
    pub kept: Vec<String>,
    /// The task this one took back.
    pub reverts: Option<TaskId>,
    /// What it brought that gives rights to others, or that runs by itself.
    #[serde(default)]
    pub manifest: Manifest,
    /// Which protection was in force.
    pub isolation: IsolationReport,
    /// What names exactly what its command was granted, as a yes and the audit name it; none
    /// when it ran no command.
    #[serde(default)]
    pub grant: Option<Digest>,
}

impl Receipt {
    /// Whether nothing on the machine is different because of this task.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.opaque
    }
}
