//! The typed actions a step can take.
//!
//! Each has five verbs, carried out by an [`Executor`](crate::Executor):
//! check and plan (`preview`), apply and verify (`run`), undo (`run` of an
//! [`Action::Revert`] made from the receipt).

use crate::{
    AbsolutePath, Argv, Change, GroupName, Manager, PackageName, ServiceName, TaskId, UserName,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One typed operation with a known way to check, apply, verify and undo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Install or remove packages.
    Packages(Packages),
    /// Refresh a package manager's index. Has no undo, and needs none.
    RefreshIndex(Manager),
    /// Change how a service runs.
    Service(Service),
    /// Put a user into a group, or take one out.
    GroupMember(GroupMember),
    /// Write, extend or remove a file.
    File(File),
    /// Run one program.
    Exec(Exec),
    /// Run a shell script. Denied by policy unless granted; never undoable.
    Shell(Shell),
    /// Take back what an earlier task changed, as its receipt tells.
    Revert(Revert),
}

/// Install or remove packages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packages {
    /// By which manager.
    pub manager: Manager,
    /// Which way.
    pub operation: PackageOperation,
    /// Which packages, at most [`Packages::MAX_NAMES`].
    pub names: Vec<PackageName>,
}

impl Packages {
    /// The most packages one action may name.
    pub const MAX_NAMES: usize = 256;
}

/// Which way packages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackageOperation {
    /// Onto the machine.
    Install,
    /// Off the machine, with their configuration.
    Remove,
}

/// Change how a service runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Which service.
    pub name: ServiceName,
    /// To what.
    pub change: ServiceChange,
}

/// What can be changed about a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceChange {
    /// Start it with the machine from now on.
    Enable,
    /// No longer start it with the machine.
    Disable,
    /// Run it now.
    Start,
    /// Stop it now.
    Stop,
}

/// Put a user into a group, or take one out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupMember {
    /// Which group.
    pub group: GroupName,
    /// Which user.
    pub user: UserName,
    /// True: a member afterwards; false: not a member afterwards.
    pub member: bool,
}

/// Change one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Which file.
    pub path: AbsolutePath,
    /// To what.
    pub change: FileChange,
}

impl File {
    /// The most bytes a written file may have: it travels in one frame and is saved whole.
    pub const MAX_BYTES: usize = 128 * 1024;
}

/// What can be done to a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileChange {
    /// Have exactly this content.
    Write {
        /// The content; at most [`File::MAX_BYTES`] bytes.
        content: String,
        /// The permission bits, `0o644` when not said.
        mode: Option<u32>,
    },
    /// Have this line somewhere; it is added at the end when it is not there.
    EnsureLine {
        /// The line, without its end.
        line: String,
    },
    /// Have these permission bits, whatever is in it; directories may have them changed, too.
    SetMode {
        /// The bits, `0o7777` at most.
        mode: u32,
    },
    /// Not be there.
    Remove,
}

/// Run one program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exec {
    /// What to run.
    pub argv: Argv,
    /// Where; the home of the user who does the work when not said.
    pub cwd: Option<AbsolutePath>,
    /// Added to a clean environment.
    pub env: BTreeMap<String, String>,
}

/// Run a shell script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shell {
    /// The script, for `sh -c`.
    pub script: String,
    /// Added to a clean environment.
    pub env: BTreeMap<String, String>,
}

/// Take back what an earlier task changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revert {
    /// The task whose receipt this takes back.
    pub task: TaskId,
    /// What to take back: every resource goes from its state after to its state before.
    pub changes: Vec<Change>,
}

impl Action {
    /// Its name in logs, metrics and price lists.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Packages(_) => "packages",
            Self::RefreshIndex(_) => "refresh_index",
            Self::Service(_) => "service",
            Self::GroupMember(_) => "group_member",
            Self::File(_) => "file",
            Self::Exec(_) => "exec",
            Self::Shell(_) => "shell",
            Self::Revert(_) => "revert",
        }
    }
}
