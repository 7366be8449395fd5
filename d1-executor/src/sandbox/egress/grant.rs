//! What of the network a command is granted: names, and how much of them.

use super::{
    address::Inside,
    rule::{HostRule, Places},
    via::Via,
};
use crate::sandbox::grant::Profile;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What of the network a command is granted. Without hosts there is no network at all.
///
/// Variables that name a proxy are not passed to the command: the owner's proxy is used by
/// whoever lets the command through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Egress {
    /// The hosts it may talk to.
    pub hosts: Vec<HostRule>,
    /// The owner's own networks that their names may lead to.
    pub inside: Vec<Inside>,
    /// How much.
    pub budget: EgressBudget,
    /// By whom some of these hosts are reached from outside; the others as our own environment
    /// says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<Via>,
    /// The network of the machine, whole and by no name, in place of hosts. Only package managers
    /// can have it: those whose mirrors nobody can name beforehand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub machine: bool,
}

impl Egress {
    /// The most rules about hosts: each is looked at for every question.
    pub const MAX_HOSTS: usize = 64;
    /// The most different ports: each is a socket.
    pub const MAX_PORTS: usize = 16;

    /// No network at all.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// These hosts, and as much of them as is usual.
    #[must_use]
    pub fn of(hosts: Vec<HostRule>) -> Self {
        Self { hosts, ..Self::default() }
    }

    /// The network of the machine, whole and by no name.
    #[must_use]
    pub fn of_the_machine() -> Self {
        Self { machine: true, ..Self::default() }
    }

    /// Why it cannot be given to a command of `profile`, when it cannot.
    pub(in crate::sandbox) fn check(&self, profile: Profile) -> Result<(), String> {
        if self.machine && profile != Profile::Packages {
            return Err("only package managers have the network of the machine".into());
        }
        if self.machine && self.is_some() {
            return Err("the network of the machine has no hosts to choose from".into());
        }
        let ports = Places::new(&self.hosts).ports();
        if self.hosts.len() > Self::MAX_HOSTS || self.inside.len() > Self::MAX_HOSTS {
            return Err(format!("a command can be given at most {} hosts", Self::MAX_HOSTS));
        }
        if ports.len() > Self::MAX_PORTS {
            let most = Self::MAX_PORTS;
            return Err(format!("a command can be given at most {most} different ports"));
        }
        if ports.contains(&DNS) {
            return Err(format!("port {DNS} cannot be given: names are answered there"));
        }
        Ok(())
    }

    /// Whether there are hosts to call.
    #[must_use]
    pub fn is_some(&self) -> bool {
        !self.hosts.is_empty()
    }
}

/// The port at which names are asked for (RFC 1035).
pub(in crate::sandbox) const DNS: u16 = 53;

/// How much of the network a command may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EgressBudget {
    /// What it may send, in bytes.
    pub sent_bytes: u64,
    /// What it may receive, in bytes.
    pub received_bytes: u64,
    /// Connections at once.
    pub at_once: u32,
    /// Connections in all.
    pub in_all: u32,
    /// Different names it may ask for.
    pub names: u32,
    /// How long it may take to say whom it wants, in milliseconds.
    pub greeting_ms: u64,
    /// How long looking up a name and connecting to it may take, in milliseconds.
    pub connect_ms: u64,
    /// How long a connection may be silent, in milliseconds.
    pub idle_ms: u64,
}

impl EgressBudget {
    /// What an ordinary command needs many times over. A server behind a name sends a lot; a
    /// command that sends a lot is unusual.
    pub const USUAL: Self = Self {
        sent_bytes: 1 << 30,
        received_bytes: 32 << 30,
        at_once: 128,
        in_all: 16_384,
        names: 1024,
        greeting_ms: 10_000,
        connect_ms: 20_000,
        idle_ms: 300_000,
    };

    pub(super) fn greeting(&self) -> Duration {
        Duration::from_millis(self.greeting_ms)
    }

    pub(super) fn connect(&self) -> Duration {
        Duration::from_millis(self.connect_ms)
    }

    pub(super) fn idle(&self) -> Duration {
        Duration::from_millis(self.idle_ms)
    }
}

impl Default for EgressBudget {
    fn default() -> Self {
        Self::USUAL
    }
}
