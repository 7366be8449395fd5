//! What a person or an agent asks for, before anyone decided how.

use crate::{CheckId, HostName, SetupId, ThingName};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Have these things.
    Install(Install),
    /// Mend what the doctor found.
    Fix(Fix),
    /// Take back what a setup changed.
    Undo(SetupId),
}

/// What is to be mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// The checks that found it, at most [`Fix::MAX_CHECKS`].
    pub checks: Vec<CheckId>,
}

impl Fix {
    /// The most checks one intent may name.
    pub const MAX_CHECKS: usize = 256;
}

/// Things to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Install {
    /// Which things, at most [`Install::MAX_THINGS`].
    pub things: Vec<ThingName>,
    /// Where from; the machine's own package manager when not said.
    pub from: Option<Source>,
    /// The hosts that its steps may call beside those that are known anyway, at most
    /// [`Install::MAX_HOSTS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<HostName>,
}

impl Install {
    /// The most things one intent may ask for.
    pub const MAX_THINGS: usize = 64;
    /// The most hosts one intent may name.
    pub const MAX_HOSTS: usize = 32;
}

/// A source that is used only when a person names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The Node package registry.
    Npm,
    /// The Rust package registry.
    Cargo,
    /// The Python package index, each tool in an environment of its own.
    Pipx,
    /// Go modules.
    Go,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Npm, Self::Cargo, Self::Pipx, Self::Go];

    /// Its name, as people type it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Cargo => "cargo",
            Self::Pipx => "pipx",
            Self::Go => "go",
        }
    }
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Install(install) => {
                f.write_str("install")?;
                install.things.iter().try_for_each(|thing| write!(f, " {thing}"))?;
                if let Some(source) = install.from {
                    write!(f, " --from {}", source.as_str())?;
                }
                install.hosts.iter().try_for_each(|host| write!(f, " --allow-host {host}"))
            }
            Self::Fix(fix) => {
                f.write_str("fix")?;
                fix.checks.iter().try_for_each(|check| write!(f, " {check}"))
            }
            Self::Undo(setup) => write!(f, "undo {}", setup.short()),
        }
    }
}
