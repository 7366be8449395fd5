//! Actions.

use super::values::{
    FromWire, ToWire, all_parsed, all_to_text, all_to_wire, env, invalid, list, mirror, parsed,
    parsed_unless_empty, text,
};
use crate::{
    WireError,
    limits::{MAX_CHANGES, MAX_CONTENT_BYTES, MAX_ENV, MAX_NAMES, MAX_WORDS},
    wire::{self, action::Kind, file::Change as FileWire},
};
use d1_core::{
    Action, Argv, Exec, File, FileChange, GroupMember, Manager, PackageOperation, Packages, Revert,
    Service, ServiceChange, Shell,
};

mirror!(PackageOperation, wire::packages::Operation, "Packages.operation", { Install, Remove });
mirror!(ServiceChange, wire::service::Change, "Service.change", { Enable, Disable, Start, Stop });

impl ToWire for Action {
    type Wire = wire::Action;
    fn to_wire(&self) -> wire::Action {
        let kind = match self {
            Self::Packages(packages) => Kind::Packages(packages.to_wire()),
            Self::RefreshIndex(manager) => Kind::RefreshIndex(manager.to_wire()),
            Self::Service(service) => Kind::Service(wire::Service {
                name: service.name.to_string(),
                change: service.change.to_wire(),
            }),
            Self::GroupMember(member) => Kind::GroupMember(wire::GroupMember {
                group: member.group.to_string(),
                user: member.user.to_string(),
                member: member.member,
            }),
            Self::File(file) => Kind::File(file.to_wire()),
            Self::Exec(exec) => Kind::Exec(wire::Exec {
                argv: exec.argv.words().to_vec(),
                cwd: exec.cwd.as_ref().map(ToString::to_string).unwrap_or_default(),
                env: exec.env.clone(),
            }),
            Self::Shell(shell) => {
                Kind::Shell(wire::Shell { script: shell.script.clone(), env: shell.env.clone() })
            }
            Self::Revert(revert) => Kind::Revert(wire::Revert {
                task_id: revert.task.to_string(),
                changes: all_to_wire(&revert.changes),
            }),
        };
        wire::Action { kind: Some(kind) }
    }
}

impl FromWire for Action {
    type Wire = wire::Action;
    fn from_wire(wire: wire::Action) -> Result<Self, WireError> {
        Ok(match wire.kind.ok_or(WireError::Missing { field: "Action.kind" })? {
            Kind::Packages(packages) => Self::Packages(Packages::from_wire(packages)?),
            Kind::RefreshIndex(manager) => Self::RefreshIndex(Manager::from_wire(manager)?),
            Kind::Service(service) => Self::Service(Service {
                name: parsed("Service.name", &service.name)?,
                change: ServiceChange::from_wire(service.change)?,
            }),
            Kind::GroupMember(member) => Self::GroupMember(GroupMember {
                group: parsed("GroupMember.group", &member.group)?,
                user: parsed("GroupMember.user", &member.user)?,
                member: member.member,
            }),
            Kind::File(file) => Self::File(File::from_wire(file)?),
            Kind::Exec(exec) => Self::Exec(Exec::from_wire(exec)?),
            Kind::Shell(shell) => Self::Shell(Shell::from_wire(shell)?),
            Kind::Revert(revert) => Self::Revert(Revert {
                task: parsed("Revert.task_id", &revert.task_id)?,
                changes: list("Revert.changes", MAX_CHANGES, revert.changes)?,
            }),
        })
    }
}

impl ToWire for Packages {
    type Wire = wire::Packages;
    fn to_wire(&self) -> wire::Packages {
        wire::Packages {
            manager: self.manager.to_wire(),
            operation: self.operation.to_wire(),
            names: all_to_text(&self.names),
        }
    }
}

impl FromWire for Packages {
    type Wire = wire::Packages;
    fn from_wire(wire: wire::Packages) -> Result<Self, WireError> {
        Ok(Self {
            manager: Manager::from_wire(wire.manager)?,
            operation: PackageOperation::from_wire(wire.operation)?,
            names: all_parsed("Packages.names", MAX_NAMES, &wire.names)?,
        })
    }
}

impl ToWire for File {
    type Wire = wire::File;
    fn to_wire(&self) -> wire::File {
        let change = match &self.change {
            FileChange::Write { content, mode } => {
                FileWire::Write(wire::file::Write { content: content.clone(), mode: *mode })
            }
            FileChange::EnsureLine { line } => {
                FileWire::EnsureLine(wire::file::EnsureLine { line: line.clone() })
            }
            FileChange::SetMode { mode } => FileWire::SetMode(wire::file::SetMode { mode: *mode }),
            FileChange::Remove => FileWire::Remove(wire::Nothing {}),
        };
        wire::File { path: self.path.to_string(), change: Some(change) }
    }
}

impl FromWire for File {
    type Wire = wire::File;
    fn from_wire(wire: wire::File) -> Result<Self, WireError> {
        let change = match wire.change.ok_or(WireError::Missing { field: "File.change" })? {
            FileWire::Write(write) => FileChange::Write {
                content: text("File.write.content", MAX_CONTENT_BYTES, write.content)?,
                mode: write.mode,
            },
            FileWire::EnsureLine(ensure) => FileChange::EnsureLine {
                line: text("File.ensure_line.line", MAX_CONTENT_BYTES, ensure.line)?,
            },
            FileWire::SetMode(wire::file::SetMode { mode }) => FileChange::SetMode { mode },
            FileWire::Remove(wire::Nothing {}) => FileChange::Remove,
        };
        Ok(Self { path: parsed("File.path", &wire.path)?, change })
    }
}

impl FromWire for Exec {
    type Wire = wire::Exec;
    fn from_wire(wire: wire::Exec) -> Result<Self, WireError> {
        if wire.argv.len() > MAX_WORDS {
            let given = wire.argv.len();
            return Err(WireError::TooMany { field: "Exec.argv", given, max: MAX_WORDS });
        }
        Ok(Self {
            argv: Argv::new(wire.argv).map_err(|why| invalid("Exec.argv", why))?,
            cwd: parsed_unless_empty("Exec.cwd", &wire.cwd)?,
            env: env("Exec.env", MAX_ENV, wire.env)?,
        })
    }
}

impl FromWire for Shell {
    type Wire = wire::Shell;
    fn from_wire(wire: wire::Shell) -> Result<Self, WireError> {
        Ok(Self {
            script: text("Shell.script", MAX_CONTENT_BYTES, wire.script)?,
            env: env("Shell.env", MAX_ENV, wire.env)?,
        })
    }
}
