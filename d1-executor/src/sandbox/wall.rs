//! The walls of the sandbox, each with its name, and what a report says of them.

use super::grant::Grant;
use d1_core::{IsolationReport, Layer, NetworkUse};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wall {
    /// It sees and signals its own processes only, and all of them end with the first.
    Processes,
    /// Its tree of mounts is its own.
    Mounts,
    /// Its shared memory and queues are its own.
    Ipc,
    /// Its host name is its own.
    HostName,
    /// It sees no control group but its own.
    Groups,
    /// It has no network but its own.
    Network,
    /// Of the network outside it reaches the names that it was given, and nothing else.
    Egress,
    /// It sees the files it was given, and no others.
    View,
    /// It runs as a user that owns nothing else.
    TaskUser,
    /// It has no capability, and can get none.
    Capabilities,
    /// No program it starts has more rights than it.
    NoNewPrivileges,
    /// The kernel checks each path it opens, beside the mounts.
    Landlock,
    /// Calls that only an attacker needs are refused.
    Seccomp,
    /// Memory, processes, processor time and file sizes have bounds.
    Limits,
    /// Its processes are in a control group of their own.
    ControlGroup,
}

impl Wall {
    /// Every wall, in the order in which a report lists them.
    pub const ALL: [Self; 15] = [
        Self::Processes,
        Self::Mounts,
        Self::Ipc,
        Self::HostName,
        Self::Groups,
        Self::Network,
        Self::Egress,
        Self::View,
        Self::TaskUser,
        Self::Capabilities,
        Self::NoNewPrivileges,
        Self::Landlock,
        Self::Seccomp,
        Self::Limits,
        Self::ControlGroup,
    ];

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processes => "pid namespace",
            Self::Mounts => "mount namespace",
            Self::Ipc => "ipc namespace",
            Self::HostName => "uts namespace",
            Self::Groups => "cgroup namespace",
            Self::Network => "network namespace",
            Self::Egress => "network by name",
            Self::View => "file view",
            Self::TaskUser => "task user",
            Self::Capabilities => "capabilities",
            Self::NoNewPrivileges => "no_new_privs",
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
            Self::Limits => "limits",
            Self::ControlGroup => "cgroup",
        }
    }

    /// Whether `required` means this one, too. Where the processes are counted is a convenience:
    /// their end and their limits do not hang on it.
    #[must_use]
    pub const fn is_essential(self) -> bool {
        match self {
            Self::ControlGroup => false,
            Self::Processes
            | Self::Mounts
            | Self::Ipc
            | Self::HostName
            | Self::Groups
            | Self::Network
            | Self::Egress
            | Self::View
            | Self::TaskUser
            | Self::Capabilities
            | Self::NoNewPrivileges
            | Self::Landlock
            | Self::Seccomp
            | Self::Limits => true,
        }
    }
}

/// The walls that are not up, each with the reason.
pub type Missing = BTreeMap<Wall, String>;

/// What a receipt says of a command with this `grant` that ran behind all walls but the missing
/// ones. A command without network, or with that of the machine, has no wall around the network it could have.
#[must_use]
pub fn report(grant: &Grant, missing: &Missing) -> IsolationReport {
    let layer = |wall: Wall| Layer {
        name: wall.name().to_owned(),
        in_force: !missing.contains_key(&wall),
        why_not: missing.get(&wall).cloned().unwrap_or_default(),
    };
    IsolationReport {
        profile: grant.profile.as_str().to_owned(),
        layers: Wall::ALL
            .into_iter()
            .filter(|wall| *wall != Wall::Egress || grant.is_gated())
            .map(layer)
            .collect(),
        network: NetworkUse::default(),
    }
}

/// What a receipt says of a command that ran without any walls, and why.
#[cfg(unix)]
pub(crate) fn no_walls(grant: &Grant, why: &str) -> IsolationReport {
    report(grant, &Wall::ALL.into_iter().map(|wall| (wall, why.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{Demand, Egress, Limits, Profile};

    fn grant(hosts: &[&str]) -> Grant {
        Grant {
            profile: Profile::Home,
            argv: d1_core::Argv::new(["true"]).unwrap(),
            env: BTreeMap::new(),
            cwd: "/".into(),
            script: None,
            touches: Vec::new(),
            keep: Vec::new(),
            network: Egress::of(hosts.iter().map(|host| host.parse().unwrap()).collect()),
            limits: Limits::USUAL,
            demand: Demand::Required,
        }
    }

    #[test]
    fn a_missing_wall_is_told_and_the_others_are_not_called_missing() {
        let missing = Missing::from([(Wall::Landlock, "this kernel has none".to_owned())]);
        let report = report(&grant(&["example.org"]), &missing);
        assert_eq!((report.summary(), report.layers.len()), ("partial", Wall::ALL.len()));
        let off: Vec<_> = report.layers.iter().filter(|layer| !layer.in_force).collect();
        assert_eq!(off.len(), 1);
        assert_eq!(
            (off[0].name.as_str(), off[0].why_not.as_str()),
            ("landlock", "this kernel has none")
        );
    }

    #[test]
    fn a_command_without_network_claims_nothing_about_names() {
        let of = |hosts: &[&str]| report(&grant(hosts), &Missing::new()).layers;
        let (with, without) = (of(&["example.org"]), of(&[]));
        assert_eq!(with.len(), without.len() + 1);
        assert!(without.iter().all(|layer| layer.name != Wall::Egress.name()));
    }
}
