//! The network of a command: from its grant to a gate that is served.

use super::{door, launch::Launched, lookup, order::Doors, trouble::doing};
use crate::sandbox::{Egress, Gate, HostRule, Outside, Places, port::SandboxError};

/// A name that nobody can have (RFC 6761, 6.4): by it the gate is tried.
pub(super) const TRIED: &str = "tried.invalid";
/// What programs find a proxy by. Inside there is none: the gate uses the owner's.
const PROXIES: [&str; 5] = ["http_proxy", "https_proxy", "no_proxy", "all_proxy", "ftp_proxy"];

/// What the first process is to make; nothing when there is no network, or that of the machine.
/// Whoever changes packages is told what it is refused even where it was given no host.
pub(super) fn doors(network: &Egress, packages: bool) -> Option<Doors> {
    let is_gated = network.is_some() || packages && !network.machine;
    let places = Places::new(&network.hosts);
    let covered = if packages { lookup::in_the_way(&places) } else { lookup::ALL.to_vec() };
    let ports = places.ports().into_iter().collect();
    is_gated.then_some(Doors { ports, covered })
}

/// Opens the gate, before anything of the command runs. None when there is no network, or when
/// the first process ended before it had made one, and says why itself.
pub(super) fn open(
    launched: &mut Launched,
    network: &Egress,
    outside: &Outside,
) -> Result<Option<Gate>, SandboxError> {
    let Some(through) = launched.door.take() else { return Ok(None) };
    let door = door::take(&through).map_err(doing("take the sockets of its network"))?;
    let gate = door.map(|door| Gate::open(door, network, outside.clone())).transpose();
    gate.map_err(doing("open the gate to its network"))
}

/// The network with which the gate is tried.
pub(super) fn trial() -> Egress {
    let rule: Option<HostRule> = TRIED.parse().ok();
    Egress::of(rule.into_iter().collect())
}

/// Whether programs would go to another place because of this variable.
pub(super) fn names_a_proxy(variable: &str) -> bool {
    PROXIES.iter().any(|name| variable.eq_ignore_ascii_case(name))
}
