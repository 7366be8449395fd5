//! Questions to a machine and its answers.

use super::values::{
    FromWire, ToWire, all_parsed, all_to_text, all_to_wire, line, list, parsed, required, text,
};
use crate::{
    WireError,
    limits::{MAX_CLAIMS, MAX_ENTRIES, MAX_TEXT_BYTES},
    wire::{self, answer::Kind as A, query::Kind as Q},
};
use d1_core::{Answer, IndexEntry, Manager, Query, Source};

/// A registry on the link; its number in the calls of clients is another one's.
const fn registry(source: Source) -> wire::Registry {
    match source {
        Source::Npm => wire::Registry::Npm,
        Source::Cargo => wire::Registry::Cargo,
        Source::Pipx => wire::Registry::Pipx,
        Source::Go => wire::Registry::Go,
    }
}

impl ToWire for Query {
    type Wire = wire::Query;
    fn to_wire(&self) -> wire::Query {
        let package = |manager: &Manager, name: &dyn ToString| wire::query::Package {
            manager: manager.to_wire(),
            name: name.to_string(),
        };
        let kind = match self {
            Self::Package { manager, name } => Q::Package(package(manager, name)),
            Self::Command(command) => Q::Command(command.to_string()),
            Self::Provides { manager, command } => Q::Provides(wire::query::Provides {
                manager: manager.to_wire(),
                command: command.to_string(),
            }),
            Self::Similar { manager, name } => Q::Similar(package(manager, name)),
            Self::Registry(source) => Q::Registry(registry(*source) as i32),
        };
        wire::Query { kind: Some(kind) }
    }
}

impl FromWire for Query {
    type Wire = wire::Query;
    fn from_wire(wire: wire::Query) -> Result<Self, WireError> {
        Ok(match wire.kind.ok_or(WireError::Missing { field: "Query.kind" })? {
            Q::Package(package) => Self::Package {
                manager: Manager::from_wire(package.manager)?,
                name: parsed("Query.package.name", &package.name)?,
            },
            Q::Command(command) => Self::Command(parsed("Query.command", &command)?),
            Q::Provides(provides) => Self::Provides {
                manager: Manager::from_wire(provides.manager)?,
                command: parsed("Query.provides.command", &provides.command)?,
            },
            Q::Similar(package) => Self::Similar {
                manager: Manager::from_wire(package.manager)?,
                name: parsed("Query.similar.name", &package.name)?,
            },
            Q::Registry(source) => Self::Registry({
                let known = |it: &Source| registry(*it) as i32 == source;
                let found = Source::ALL.into_iter().find(known);
                found.ok_or(WireError::Missing { field: "Query.registry" })?
            }),
        })
    }
}

impl ToWire for IndexEntry {
    type Wire = wire::IndexEntry;
    fn to_wire(&self) -> wire::IndexEntry {
        wire::IndexEntry {
            name: self.name.to_string(),
            version: self.version.clone(),
            installed: self.installed.clone(),
            summary: self.summary.clone(),
        }
    }
}

impl FromWire for IndexEntry {
    type Wire = wire::IndexEntry;
    fn from_wire(wire: wire::IndexEntry) -> Result<Self, WireError> {
        let installed = wire.installed.map(|version| line("IndexEntry.installed", version));
        Ok(Self {
            name: parsed("IndexEntry.name", &wire.name)?,
            version: line("IndexEntry.version", wire.version)?,
            installed: installed.transpose()?,
            summary: line("IndexEntry.summary", wire.summary)?,
        })
    }
}

impl ToWire for Answer {
    type Wire = wire::Answer;
    fn to_wire(&self) -> wire::Answer {
        let kind = match self {
            Self::Packages(entries) => {
                A::Packages(wire::answer::Packages { entries: all_to_wire(entries) })
            }
            Self::Command(path) => A::Command(wire::answer::Command { path: path.clone() }),
            Self::Registry { hosts, folders } => A::Registry(wire::answer::OfRegistry {
                hosts: all_to_text(hosts),
                folders: all_to_text(folders),
            }),
            Self::Unknown(why) => A::Unknown(why.clone()),
        };
        wire::Answer { kind: Some(kind) }
    }
}

impl FromWire for Answer {
    type Wire = wire::Answer;
    fn from_wire(wire: wire::Answer) -> Result<Self, WireError> {
        Ok(match wire.kind.ok_or(WireError::Missing { field: "Answer.kind" })? {
            A::Packages(packages) => {
                Self::Packages(list("Answer.packages", MAX_ENTRIES, packages.entries)?)
            }
            A::Command(command) => {
                let path = command.path.map(|path| line("Answer.command.path", path));
                Self::Command(path.transpose()?)
            }
            A::Registry(registry) => Self::Registry {
                hosts: all_parsed("Answer.registry.hosts", MAX_CLAIMS, &registry.hosts)?,
                folders: all_parsed("Answer.registry.folders", MAX_CLAIMS, &registry.folders)?,
            },
            A::Unknown(why) => Self::Unknown(text("Answer.unknown", MAX_TEXT_BYTES, why)?),
        })
    }
}

/// A question with its answer.
pub(super) struct Answered(pub(super) Query, pub(super) Answer);

impl FromWire for Answered {
    type Wire = wire::Answered;
    fn from_wire(wire: wire::Answered) -> Result<Self, WireError> {
        Ok(Self(required("Answered.query", wire.query)?, required("Answered.answer", wire.answer)?))
    }
}
