//! What a command is granted: everything that decides what it can do, and the hash of it.
//!
//! A yes, a receipt and the audit name a grant by its digest: one other word, one other path,
//! one other byte of the script, and it is another grant.

use super::egress::Egress;
use d1_core::{Argv, Digest};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

/// A named confinement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Looks: the system read-only, no home, no network.
    Diagnose,
    /// Works: as above, and the home of the user, but for what is protected in it.
    Home,
    /// Changes packages: the system but for who is trusted to bring packages, as the
    /// administrator with the few capabilities that takes, and no home. For package managers
    /// only.
    Packages,
    /// Everything that whoever starts it may do: no walls. Its environment, its time, its bounds
    /// and its end are still ours. With the feature `unconfined` alone, where the owner's file
    /// lists it, and after a yes to each command.
    #[cfg(feature = "unconfined")]
    Unconfined,
}

impl Profile {
    /// Whether there are no walls at all.
    #[must_use]
    pub const fn is_unconfined(self) -> bool {
        match self {
            Self::Diagnose | Self::Home | Self::Packages => false,
            #[cfg(feature = "unconfined")]
            Self::Unconfined => true,
        }
    }

    /// Its name in receipts and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Diagnose => "diagnose",
            Self::Home => "home",
            Self::Packages => "packages",
            #[cfg(feature = "unconfined")]
            Self::Unconfined => "unconfined",
        }
    }
}

/// What may be done below a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Looked at, and run.
    Read,
    /// Changed, too.
    Write,
}

/// One path the grant adds to what the profile shows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Touch {
    /// Which path: absolute, there, and without symbolic links on the way.
    pub path: PathBuf,
    /// What may be done below it.
    pub access: Access,
}

/// One path the owner keeps from the command, whatever else it is given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Kept {
    /// Which path: absolute, and without symbolic links on the way. It need not be there.
    pub path: PathBuf,
    /// What may still be done below it; `None`: it is not there at all.
    pub access: Option<Access>,
}

/// What a command has of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// Nothing: it is not there, as seen from inside.
    Nothing,
    /// It may be looked at, and not changed.
    Read,
    /// It may be changed.
    Write,
}

/// A script whose content was agreed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// Where it is.
    pub path: PathBuf,
    /// What it has to be; the command sees a copy of exactly that. Without a tree of mounts of
    /// its own there is no copy, and it is looked at when the command starts.
    pub digest: Digest,
}

/// How much a command may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Memory of all its processes together, in bytes.
    pub memory: u64,
    /// Processes and threads at once.
    pub processes: u64,
    /// Processor time of one process, in seconds.
    pub cpu_seconds: u64,
    /// The largest file it may write, in bytes.
    pub file_bytes: u64,
    /// What fits into its temporary folders, in bytes.
    pub scratch_bytes: u64,
    /// What it may print, in bytes; more ends it.
    pub output_bytes: u64,
}

impl Limits {
    /// What a large installation needs.
    pub const PACKAGES: Self = Self {
        memory: 8 << 30,
        processes: 4096,
        cpu_seconds: 4 * 3600,
        file_bytes: 64 << 30,
        scratch_bytes: 2 << 30,
        output_bytes: 4 << 30,
    };
    /// What an ordinary command needs many times over, and a machine can spare.
    pub const USUAL: Self = Self {
        memory: 2 << 30,
        processes: 512,
        cpu_seconds: 600,
        file_bytes: 4 << 30,
        scratch_bytes: 512 << 20,
        output_bytes: 4 << 30,
    };
}

/// What happens when a wall of the sandbox cannot be put up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// The command does not run.
    Required,
    /// It runs, and the report says what is missing.
    BestEffort,
}

/// Everything that decides what a command can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The confinement it starts from.
    pub profile: Profile,
    /// What runs.
    pub argv: Argv,
    /// Its environment, all of it.
    pub env: BTreeMap<String, String>,
    /// Where it starts.
    pub cwd: PathBuf,
    /// The script it runs, when its content was agreed on.
    pub script: Option<Script>,
    /// What it may see and change beyond the profile.
    pub touches: Vec<Touch>,
    /// What it may not see or change, even where it was given what is above.
    pub keep: Vec<Kept>,
    /// What of the network it is given.
    #[serde(default)]
    pub network: Egress,
    /// How much it may use.
    pub limits: Limits,
    /// What happens when a wall is missing.
    pub demand: Demand,
}

impl Grant {
    /// What an ordinary command gets: a clean environment, the usual limits, nothing beyond
    /// its profile, and all walls or none of it. It starts at the root.
    #[must_use]
    pub fn new(profile: Profile, argv: Argv) -> Self {
        Self {
            profile,
            argv,
            env: crate::process::clean_environment(&|_ours| None),
            cwd: PathBuf::from("/"),
            script: None,
            touches: Vec::new(),
            keep: Vec::new(),
            network: Egress::none(),
            limits: Limits::USUAL,
            demand: Demand::Required,
        }
    }

    /// Whether what it does on the network passes by us: it was given hosts; or it changes
    /// packages, whose scripts are told what they are refused even where they were given none.
    #[must_use]
    pub fn is_gated(&self) -> bool {
        let packages = self.profile == Profile::Packages && !self.network.machine;
        packages || self.network.is_some()
    }

    /// What names this grant, and no other.
    #[must_use]
    pub fn digest(&self) -> Digest {
        // Structs and ordered maps only: the same grant is always the same text.
        // A path that is no text cannot be written so, and would be like every other one.
        let text = serde_json::to_vec(self);
        Digest::of(&text.unwrap_or_else(|_no_text| format!("{self:?}").into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::egress::EgressBudget;

    fn grant() -> Grant {
        Grant {
            profile: Profile::Home,
            argv: Argv::new(["make", "install"]).unwrap(),
            env: BTreeMap::from([("LANG".into(), "C".into())]),
            cwd: PathBuf::from("/home/ada"),
            script: None,
            touches: Vec::new(),
            keep: Vec::new(),
            network: Egress::none(),
            limits: Limits::USUAL,
            demand: Demand::Required,
        }
    }

    #[test]
    fn a_grant_with_anything_else_in_it_has_another_digest() {
        let script = Script { path: "/home/ada/x".into(), digest: Digest::of(b"one") };
        let other = Script { digest: Digest::of(b"two"), ..script.clone() };
        let touch = |access| vec![Touch { path: "/opt".into(), access }];
        let keep = |access| vec![Kept { path: "/opt".into(), access }];
        let network = |host: &str| Egress::of(vec![host.parse().unwrap()]);
        let inside =
            |net: &str| Egress { inside: vec![net.parse().unwrap()], ..network("example.org") };
        let budget = EgressBudget { at_once: 1, ..EgressBudget::USUAL };
        let all = [
            grant(),
            Grant { network: network("example.org"), ..grant() },
            Grant { network: network("*.example.org"), ..grant() },
            Grant { network: network("example.org:443"), ..grant() },
            Grant { network: inside("10.0.0.0/8"), ..grant() },
            Grant { network: Egress { budget, ..network("example.org") }, ..grant() },
            Grant { profile: Profile::Diagnose, ..grant() },
            Grant { argv: Argv::new(["make install"]).unwrap(), ..grant() },
            Grant { env: BTreeMap::new(), ..grant() },
            Grant { cwd: "/".into(), ..grant() },
            Grant { script: Some(script), ..grant() },
            Grant { script: Some(other), ..grant() },
            Grant { touches: touch(Access::Read), ..grant() },
            Grant { touches: touch(Access::Write), ..grant() },
            Grant { keep: keep(None), ..grant() },
            Grant { keep: keep(Some(Access::Read)), ..grant() },
            Grant { limits: Limits { memory: 1, ..Limits::USUAL }, ..grant() },
            Grant { demand: Demand::BestEffort, ..grant() },
        ];
        let digests: std::collections::BTreeSet<Digest> = all.iter().map(Grant::digest).collect();
        assert_eq!(digests.len(), all.len());
        assert_eq!(grant().digest(), grant().digest());
    }

    #[test]
    fn a_grant_reads_back_as_the_one_that_was_agreed_on() {
        let text = serde_json::to_string(&Grant {
            network: Egress::of(vec!["*.example.org:8443".parse().unwrap()]),
            ..grant()
        });
        let text = text.unwrap();
        let read: Grant = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert_ne!(read.digest(), grant().digest());
    }
}
