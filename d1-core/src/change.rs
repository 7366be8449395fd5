//! What can be changed on a machine, and how it was before and after.

use crate::{AbsolutePath, Digest, GroupName, Manager, PackageName, ServiceName, UserName};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One thing on a machine that an action can change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// A package.
    Package {
        /// Whose package.
        manager: Manager,
        /// Its name, with the architecture where the machine has several.
        name: PackageName,
    },
    /// A file, a directory or a link.
    File(AbsolutePath),
    /// The permission bits of a file or a directory, whatever is in it.
    Permissions(AbsolutePath),
    /// Whether a service starts with the machine.
    ServiceEnabled(ServiceName),
    /// Whether a service runs.
    ServiceActive(ServiceName),
    /// Whether a user is in a group.
    GroupMember {
        /// The group.
        group: GroupName,
        /// The user.
        user: UserName,
    },
}

/// How such a thing is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not there, not enabled, not running, not a member.
    Absent,
    /// There, enabled, running, a member.
    Present,
    /// A package that is installed.
    Installed {
        /// Its version.
        version: String,
        /// Whether only other packages wanted it (`apt-mark auto`).
        automatic: bool,
    },
    /// A package that was removed and left its configuration behind.
    ConfigFiles {
        /// The version that left them.
        version: String,
    },
    /// A package in the middle of something: unpacked, half configured.
    Broken {
        /// Its version.
        version: String,
        /// What the manager calls this state.
        status: String,
    },
    /// A regular file.
    File {
        /// The digest of its content, by which the saved original is found.
        digest: Digest,
        /// The permission bits.
        mode: u32,
        /// Its owner.
        uid: u32,
        /// Its group.
        gid: u32,
    },
    /// A directory.
    Directory {
        /// The permission bits.
        mode: u32,
    },
    /// The permission bits of a file or a directory.
    Permissions {
        /// The bits, `0o7777` at most.
        mode: u32,
    },
    /// A symbolic link.
    Link {
        /// Where it points.
        target: String,
    },
}

/// How one thing was, and how it is now (or would be).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    /// What changed.
    pub resource: Resource,
    /// How it was.
    pub before: State,
    /// How it is afterwards.
    pub after: State,
}

/// How things were before a task began: from this a receipt can be written even
/// when the process that began the task did not live to see it end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// Every resource the action may change, as it was.
    pub states: Vec<(Resource, State)>,
    /// Packages of this manager that are not listed were absent, not unknown.
    pub complete_for: Option<Manager>,
}

impl Baseline {
    /// How `resource` was; `None` when the baseline does not say.
    #[must_use]
    pub fn state_of(&self, resource: &Resource) -> Option<&State> {
        self.states.iter().find(|(known, _)| known == resource).map(|(_, state)| state)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package { manager, name } => write!(f, "{manager} package {name}"),
            Self::File(path) => write!(f, "file {path}"),
            Self::Permissions(path) => write!(f, "permissions of {path}"),
            Self::ServiceEnabled(name) => write!(f, "start of service {name}"),
            Self::ServiceActive(name) => write!(f, "service {name}"),
            Self::GroupMember { group, user } => write!(f, "{user} in group {group}"),
        }
    }
}
