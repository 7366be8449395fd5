//! The owner's file, as it is written. The README of this crate describes it.

use super::{demands::RawOrders, rule::Verdict};
use crate::sandbox::{HostRule, Inside, Profile};
use serde::Deserialize;
use std::path::PathBuf;
use toml::Spanned;

/// One file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sheet {
    pub(super) allow_shell: Option<bool>,
    pub(super) default: Option<Verdict>,
    pub(super) opaque: Option<Verdict>,
    pub(super) profiles: Option<Vec<RawProfile>>,
    pub(super) best_effort: Option<bool>,
    pub(super) touch: Option<Vec<PathBuf>>,
    pub(super) hosts: Option<Vec<HostRule>>,
    pub(super) inside: Option<Vec<Inside>>,
    #[serde(default)]
    pub(super) orders: RawOrders,
    #[serde(default)]
    pub(super) limits: RawLimits,
    #[serde(default)]
    pub(super) forbid: Vec<Spanned<RawRule>>,
    #[serde(default)]
    pub(super) ask: Vec<Spanned<RawRule>>,
    #[serde(default)]
    pub(super) allow: Vec<Spanned<RawRule>>,
    #[serde(default)]
    pub(super) protect: Vec<Spanned<RawProtect>>,
}

/// A confinement, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawProfile {
    Diagnose,
    Home,
    Packages,
    Unconfined,
}

impl RawProfile {
    /// The one under which something runs; without walls it is `unconfined`.
    pub(super) fn of(profile: Option<Profile>) -> Self {
        match profile {
            Some(Profile::Diagnose) => Self::Diagnose,
            Some(Profile::Home) => Self::Home,
            Some(Profile::Packages) => Self::Packages,
            #[cfg(feature = "unconfined")]
            Some(Profile::Unconfined) => Self::Unconfined,
            None => Self::Unconfined,
        }
    }

    /// Its name in files and explanations.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Diagnose => "diagnose",
            Self::Home => "home",
            Self::Packages => "packages",
            Self::Unconfined => "unconfined",
        }
    }
}

/// Caps on what a confined command may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimits {
    pub(super) memory: Option<u64>,
    pub(super) processes: Option<u64>,
    pub(super) cpu_seconds: Option<u64>,
    pub(super) file_bytes: Option<u64>,
    pub(super) scratch_bytes: Option<u64>,
    pub(super) output_bytes: Option<u64>,
}

/// `[[forbid]]`, `[[ask]]` or `[[allow]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub(super) name: String,
    pub(super) why: String,
    #[serde(default)]
    pub(super) instead: String,
    pub(super) program: Names,
    #[serde(default)]
    pub(super) words: Vec<String>,
    #[serde(default)]
    pub(super) options: Vec<String>,
    #[serde(default, rename = "match")]
    pub(super) matches: Vec<Example>,
    #[serde(default)]
    pub(super) no_match: Vec<Example>,
}

/// `[[protect]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProtect {
    pub(super) path: String,
    #[serde(default)]
    pub(super) may: May,
    pub(super) why: String,
}

/// What may still be done with a protected path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum May {
    /// Not even be read.
    #[default]
    Nothing,
    /// Be read.
    Read,
}

/// One name, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "OneOrMore")]
pub(super) struct Names(pub(super) Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl From<OneOrMore> for Names {
    fn from(names: OneOrMore) -> Self {
        Self(match names {
            OneOrMore::One(name) => vec![name],
            OneOrMore::More(names) => names,
        })
    }
}

/// A command: one line without any signs, or a list of words.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Example {
    /// `"rm -rf /"`
    Line(String),
    /// `["rm", "-rf", "my letters"]`
    Words(Vec<String>),
}
