//! What somebody wants to run, as the policy is asked about it; and what is granted of it.

use crate::sandbox::{Demand, Egress, Grant, Kept, Limits, Profile, Script, Touch};
use d1_core::{Argv, ArgvError, Digest};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

/// What somebody wants to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What runs. A shell script is `sh -c` and its text.
    pub argv: Argv,
    /// Whether it was asked for as a shell script.
    pub is_script: bool,
    /// Its environment, all of it.
    pub env: BTreeMap<String, String>,
    /// Which variables of the environment come with the request, and not from this machine.
    pub given: BTreeSet<String>,
    /// Where it starts.
    pub cwd: PathBuf,
    /// The walls around it; without, it has the rights of whoever starts it.
    pub walls: Option<Walls>,
}

/// The walls that are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walls {
    /// The confinement it starts from.
    pub profile: Profile,
    /// What it may see and change beyond the profile.
    pub touches: Vec<Touch>,
    /// What of the network it is given.
    pub network: Egress,
    /// How much it may use.
    pub limits: Limits,
    /// What happens when a wall is missing.
    pub demand: Demand,
}

/// What may run: exactly this, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Granted {
    /// Behind walls.
    Confined(Box<Grant>),
    /// Without.
    Bare(Bare),
}

/// A command without walls around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bare {
    /// What runs.
    pub argv: Argv,
    /// Its environment, all of it.
    pub env: BTreeMap<String, String>,
    /// Where it starts.
    pub cwd: PathBuf,
    /// The script it runs, by its content.
    pub script: Option<Script>,
}

impl Granted {
    /// What names it, and no other: a yes and an audit refer to this.
    #[must_use]
    pub fn digest(&self) -> Digest {
        match self {
            Self::Confined(grant) => grant.digest(),
            // Structs and ordered maps only: the same grant is always the same text.
            Self::Bare(_) => Digest::of(&serde_json::to_vec(self).unwrap_or_default()),
        }
    }

    /// The grant of a confined command.
    #[must_use]
    pub fn confined(self) -> Option<Grant> {
        match self {
            Self::Confined(grant) => Some(*grant),
            Self::Bare(_) => None,
        }
    }
}

impl Request {
    /// The words that run a script.
    pub fn script(text: &str) -> Result<Argv, ArgvError> {
        Argv::new(["sh", "-c", text])
    }

    /// What it asks for, with these limits and paths kept from it, and a script that is pinned.
    pub(super) fn granted(
        &self,
        cap: impl Fn(Limits) -> Limits,
        keep: Vec<Kept>,
        script: Option<Script>,
    ) -> Granted {
        let Self { argv, env, cwd, walls, .. } = self.clone();
        match walls {
            Some(Walls { profile, touches, network, limits, demand }) => {
                let limits = cap(limits);
                Granted::Confined(Box::new(Grant {
                    profile,
                    argv,
                    env,
                    cwd,
                    script,
                    touches,
                    keep,
                    network,
                    limits,
                    demand,
                }))
            }
            None => Granted::Bare(Bare { argv, env, cwd, script }),
        }
    }
}
