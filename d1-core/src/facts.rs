//! What is known of a machine, and what can be asked of it.

use crate::{AbsolutePath, CommandName, HostName, Manager, PackageName, Source};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A kind of operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Os {
    /// Any Linux.
    Linux,
    /// macOS.
    Macos,
    /// Windows.
    Windows,
}

/// A Linux distribution, from `os-release(5)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distro {
    /// `ID`: `debian`.
    pub id: String,
    /// `ID_LIKE`, split: what it derives from, closest first.
    pub like: Vec<String>,
    /// `VERSION_ID`; empty for rolling ones.
    pub version: String,
    /// `VERSION_CODENAME`; empty where there is none.
    pub codename: String,
    /// `PRETTY_NAME`, for people.
    pub name: String,
}

/// One package manager found on the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagerFacts {
    /// Which one.
    pub manager: Manager,
    /// Seconds since its index was refreshed; `None` when it has none or it is not known.
    pub index_age_seconds: Option<u64>,
}

/// Who would do the work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserFacts {
    /// The login name; empty when it is not known.
    pub name: String,
    /// Whether it is the administrator.
    pub is_root: bool,
    /// Whether it can become the administrator without being asked for a password.
    pub can_elevate: bool,
}

/// What runs services here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceManager {
    /// systemd is process 1.
    Systemd,
    /// `service(8)` and init scripts, without systemd.
    Sysv,
    /// OpenRC.
    Openrc,
    /// launchd.
    Launchd,
    /// The Windows service manager.
    Windows,
    /// Nothing does.
    #[default]
    None,
}

/// What is known of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The operating system.
    pub os: Os,
    /// The processor: `x86_64`, `aarch64`.
    pub arch: String,
    /// The distribution, on Linux.
    pub distro: Option<Distro>,
    /// The package managers found, best first.
    pub managers: Vec<ManagerFacts>,
    /// Who would do the work.
    pub user: UserFacts,
    /// What runs services.
    pub services: ServiceManager,
    /// Whether this is a container.
    pub container: bool,
    /// Processors.
    pub cpus: u32,
    /// Memory, in bytes.
    pub memory_bytes: u64,
    /// Free space where packages go, in bytes.
    pub disk_free_bytes: u64,
    /// Answers to what was asked.
    pub answers: Answers,
}

impl Facts {
    /// A bare machine of this kind, of which nothing else is known.
    #[must_use]
    pub fn bare(os: Os) -> Self {
        Self {
            os,
            arch: String::new(),
            distro: None,
            managers: Vec::new(),
            user: UserFacts::default(),
            services: ServiceManager::None,
            container: false,
            cpus: 1,
            memory_bytes: 0,
            disk_free_bytes: 0,
            answers: Answers::default(),
        }
    }

    /// The manager this machine would rather use.
    #[must_use]
    pub fn manager(&self) -> Option<Manager> {
        self.managers.first().map(|facts| facts.manager)
    }
}

/// One thing a planner may ask of a machine. Asking changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Query {
    /// Does this manager's index have exactly this package?
    Package {
        /// Whose index.
        manager: Manager,
        /// The package.
        name: PackageName,
    },
    /// Is this command on the search path?
    Command(CommandName),
    /// Which packages bring this command?
    Provides {
        /// Whose index.
        manager: Manager,
        /// The command.
        command: CommandName,
    },
    /// Which packages have a name close to this one?
    Similar {
        /// Whose index.
        manager: Manager,
        /// The name nobody knows.
        name: PackageName,
    },
    /// How is the tool of a language registry set up: whom does it talk to, where does it install?
    Registry(Source),
}

/// A package as a manager's index knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexEntry {
    /// Its name.
    pub name: PackageName,
    /// The version that would be installed; empty when the index does not say.
    pub version: String,
    /// The version that is installed.
    pub installed: Option<String>,
    /// One line about it; data from the index, never an instruction.
    pub summary: String,
}

/// What a machine answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The packages that fit, best first; empty when there are none.
    Packages(Vec<IndexEntry>),
    /// Where the command is; `None` when it is not there.
    Command(Option<String>),
    /// How the tool of a registry is set up.
    Registry {
        /// The hosts that it talks to; none when it needs no network.
        hosts: Vec<HostName>,
        /// The folders that it installs to, where it says so.
        folders: Vec<AbsolutePath>,
    },
    /// It cannot be told, for this reason.
    Unknown(String),
}

/// What was asked, and what was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(Query, Answer)>", into = "Vec<(Query, Answer)>")]
pub struct Answers(BTreeMap<Query, Answer>);

impl Answers {
    /// How many answers one set of facts may carry.
    pub const MAX: usize = 1024;

    /// The answer to `query`, when it was asked.
    #[must_use]
    pub fn get(&self, query: &Query) -> Option<&Answer> {
        self.0.get(query)
    }

    /// Remembers an answer; past [`Answers::MAX`] new questions are dropped.
    pub fn insert(&mut self, query: Query, answer: Answer) {
        if self.0.len() < Self::MAX || self.0.contains_key(&query) {
            self.0.insert(query, answer);
        }
    }

    /// Takes over every answer of `other`.
    pub fn merge(&mut self, other: Self) {
        for (query, answer) in other.0 {
            self.insert(query, answer);
        }
    }

    /// Every question with its answer.
    pub fn iter(&self) -> impl Iterator<Item = (&Query, &Answer)> {
        self.0.iter()
    }
}

impl From<Vec<(Query, Answer)>> for Answers {
    fn from(pairs: Vec<(Query, Answer)>) -> Self {
        let mut answers = Self::default();
        for (query, answer) in pairs {
            answers.insert(query, answer);
        }
        answers
    }
}

impl From<Answers> for Vec<(Query, Answer)> {
    fn from(answers: Answers) -> Self {
        answers.0.into_iter().collect()
    }
}
