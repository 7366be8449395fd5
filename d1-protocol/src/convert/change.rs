//! Resources, their states, and how these change.

use super::values::{
    FromWire, ToWire, digest, digest_to_wire, line, mirror, parsed, required, text,
};
use crate::{
    WireError,
    limits::MAX_TEXT_BYTES,
    wire::{self, resource::Kind as R, state::Kind as S},
};
use d1_core::{Change, Manager, Resource, State};

mirror!(Manager, wire::Manager, "manager", { Apt, Dnf, Pacman, Zypper, Apk, Brew, Winget });

impl ToWire for Resource {
    type Wire = wire::Resource;
    fn to_wire(&self) -> wire::Resource {
        let kind = match self {
            Self::Package { manager, name } => R::Package(wire::resource::Package {
                manager: manager.to_wire(),
                name: name.to_string(),
            }),
            Self::File(path) => R::File(path.to_string()),
            Self::Permissions(path) => R::Permissions(path.to_string()),
            Self::ServiceEnabled(name) => R::ServiceEnabled(name.to_string()),
            Self::ServiceActive(name) => R::ServiceActive(name.to_string()),
            Self::GroupMember { group, user } => R::GroupMember(wire::resource::Membership {
                group: group.to_string(),
                user: user.to_string(),
            }),
        };
        wire::Resource { kind: Some(kind) }
    }
}

impl FromWire for Resource {
    type Wire = wire::Resource;
    fn from_wire(wire: wire::Resource) -> Result<Self, WireError> {
        Ok(match wire.kind.ok_or(WireError::Missing { field: "Resource.kind" })? {
            R::Package(package) => Self::Package {
                manager: Manager::from_wire(package.manager)?,
                name: parsed("Resource.package.name", &package.name)?,
            },
            R::File(path) => Self::File(parsed("Resource.file", &path)?),
            R::Permissions(path) => Self::Permissions(parsed("Resource.permissions", &path)?),
            R::ServiceEnabled(name) => {
                Self::ServiceEnabled(parsed("Resource.service_enabled", &name)?)
            }
            R::ServiceActive(name) => {
                Self::ServiceActive(parsed("Resource.service_active", &name)?)
            }
            R::GroupMember(membership) => Self::GroupMember {
                group: parsed("Resource.group_member.group", &membership.group)?,
                user: parsed("Resource.group_member.user", &membership.user)?,
            },
        })
    }
}

impl ToWire for State {
    type Wire = wire::State;
    fn to_wire(&self) -> wire::State {
        let kind = match self {
            Self::Absent => S::Absent(wire::Nothing {}),
            Self::Present => S::Present(wire::Nothing {}),
            Self::Installed { version, automatic } => S::Installed(wire::state::Installed {
                version: version.clone(),
                automatic: *automatic,
            }),
            Self::ConfigFiles { version } => {
                S::ConfigFiles(wire::state::ConfigFiles { version: version.clone() })
            }
            Self::Broken { version, status } => {
                S::Broken(wire::state::Broken { version: version.clone(), status: status.clone() })
            }
            Self::File { digest, mode, uid, gid } => S::File(wire::state::File {
                digest: digest_to_wire(digest),
                mode: *mode,
                uid: *uid,
                gid: *gid,
            }),
            Self::Directory { mode } => S::Directory(wire::state::Directory { mode: *mode }),
            Self::Permissions { mode } => S::Permissions(wire::state::Permissions { mode: *mode }),
            Self::Link { target } => S::Link(wire::state::Link { target: target.clone() }),
        };
        wire::State { kind: Some(kind) }
    }
}

impl FromWire for State {
    type Wire = wire::State;
    fn from_wire(wire: wire::State) -> Result<Self, WireError> {
        Ok(match wire.kind.ok_or(WireError::Missing { field: "State.kind" })? {
            S::Absent(wire::Nothing {}) => Self::Absent,
            S::Present(wire::Nothing {}) => Self::Present,
            S::Installed(state) => Self::Installed {
                version: line("State.installed.version", state.version)?,
                automatic: state.automatic,
            },
            S::ConfigFiles(state) => {
                Self::ConfigFiles { version: line("State.config_files.version", state.version)? }
            }
            S::Broken(state) => Self::Broken {
                version: line("State.broken.version", state.version)?,
                status: line("State.broken.status", state.status)?,
            },
            S::File(file) => Self::File {
                digest: digest("State.file.digest", &file.digest)?,
                mode: file.mode,
                uid: file.uid,
                gid: file.gid,
            },
            S::Directory(directory) => Self::Directory { mode: directory.mode },
            S::Permissions(permissions) => Self::Permissions { mode: permissions.mode },
            S::Link(link) => {
                Self::Link { target: text("State.link.target", MAX_TEXT_BYTES, link.target)? }
            }
        })
    }
}

impl ToWire for Change {
    type Wire = wire::Change;
    fn to_wire(&self) -> wire::Change {
        wire::Change {
            resource: Some(self.resource.to_wire()),
            before: Some(self.before.to_wire()),
            after: Some(self.after.to_wire()),
        }
    }
}

impl FromWire for Change {
    type Wire = wire::Change;
    fn from_wire(wire: wire::Change) -> Result<Self, WireError> {
        Ok(Self {
            resource: required("Change.resource", wire.resource)?,
            before: required("Change.before", wire.before)?,
            after: required("Change.after", wire.after)?,
        })
    }
}
