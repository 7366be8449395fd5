//! What a recipe file says: one TOML file for one capability.
//!
//! Unknown keys are errors, so a typing mistake never goes unnoticed. Names are checked
//! while they are read: a recipe that is here is well formed.

use d1_core::{Argv, CommandName, GroupName, Manager, PackageName, ServiceName, ThingName};
use serde::Deserialize;
use std::time::Duration;

/// One recipe.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recipe {
    /// Its name; the file is called the same.
    pub(super) id: ThingName,
    /// One line about it.
    pub(super) summary: String,
    /// Grows with every change of the recipe.
    pub(super) version: u32,
    /// Where it stands in lists.
    pub(super) category: Category,
    /// Other names for it.
    #[serde(default)]
    pub(super) aliases: Vec<ThingName>,
    /// Where it was really installed, verified and undone.
    pub(super) tested: Tested,
    /// How to tell that it is there, however it came.
    pub(super) check: Check,
    /// How each manager calls it, best first.
    #[serde(rename = "candidate")]
    pub(super) candidates: Vec<Candidate>,
    /// Packages it cannot live beside.
    #[serde(default)]
    pub(super) conflicts: Vec<PackageName>,
    /// What is done after the packages are there.
    #[serde(default, rename = "step")]
    pub(super) steps: Vec<ExtraStep>,
    /// How to see that it works.
    pub(super) verify: Option<Verify>,
    /// Bounds for the package step.
    #[serde(default)]
    pub(super) limits: Limits,
    /// What a person has to do afterwards.
    #[serde(default)]
    pub(super) follow_up: Vec<String>,
    /// What stays behind after an undo; empty when nothing does.
    #[serde(default)]
    pub(super) keeps: String,
}

/// Where a recipe stands in lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Category {
    Languages,
    BuildTools,
    Editors,
    VersionControl,
    Shell,
    Containers,
    Databases,
    Network,
    Media,
    Other,
}

/// How far a recipe was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Tested {
    /// Installed, verified and undone on a real machine with apt; modelled elsewhere.
    Real,
    /// On model machines only.
    Model,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Check {
    /// It is there when all of these commands are.
    pub(super) commands: Vec<CommandName>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Candidate {
    pub(super) manager: Manager,
    /// Only on these distributions, by `ID` or `ID_LIKE`; on all when empty.
    #[serde(default)]
    pub(super) distros: Vec<String>,
    /// Every inner list is one package under several names: the first that the machine's
    /// own index has is taken.
    pub(super) packages: Vec<Vec<PackageName>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum ExtraStep {
    /// Have a service start with the machine, and now. Left out where nothing runs services.
    Service { name: ServiceName },
    /// Put the user into a group. Left out for the administrator.
    GroupMember { group: GroupName, warning: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Verify {
    /// A program that only looks; exit code 0 means that it works.
    pub(super) run: Argv,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// How long the package step may run, in seconds.
    pub(super) timeout_seconds: u64,
}

impl Limits {
    /// The package step's time.
    pub(super) fn timeout(self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { timeout_seconds: 900 }
    }
}
