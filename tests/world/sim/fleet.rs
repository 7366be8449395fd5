//! The machines of a world: Debians, Fedoras and Macs, with something to install on each.

use super::chance::Chance;
use d1_core::{
    Distro, Facts, Manager, ManagerFacts, Os, ServiceManager, UserFacts,
    memory::{Fault, MemoryMachine, Offer},
};
use std::{sync::Arc, time::Duration};

/// What people install: recipes whose package has the same name everywhere.
pub(super) const THINGS: [&str; 5] = ["jq", "tree", "htop", "tmux", "ripgrep"];

/// The commands that they bring.
const COMMANDS: [&str; 5] = ["jq", "tree", "htop", "tmux", "rg"];

/// How long one change takes at most.
const PACE: Duration = Duration::from_secs(20);

/// How often in a thousand times a machine has a package that cannot be installed.
const BROKEN: u32 = 150;

/// A machine of some kind, as slow and as broken as chance will have it.
pub(super) fn machine(chance: &Chance) -> Arc<MemoryMachine> {
    let manager = *chance.pick(&[Manager::Apt, Manager::Dnf, Manager::Brew]);
    let machine = MemoryMachine::described(facts(manager));
    for (name, command) in THINGS.iter().zip(COMMANDS) {
        let offer = Offer::new(manager, name.parse().unwrap(), "1.0");
        machine.offer(Offer { commands: vec![command.parse().unwrap()], ..offer });
    }
    machine.take_time(chance.within(PACE));
    if chance.happens(BROKEN) {
        machine.suffer(Fault::PackageFails(manager, chance.pick(&THINGS).parse().unwrap()));
    }
    Arc::new(machine)
}

fn facts(manager: Manager) -> Facts {
    let is_mac = manager == Manager::Brew;
    let id = if manager == Manager::Apt { "debian" } else { "fedora" };
    let distro = Distro { id: id.to_owned(), ..Distro::default() };
    Facts {
        distro: (!is_mac).then_some(distro),
        managers: vec![ManagerFacts { manager, index_age_seconds: Some(0) }],
        // Homebrew refuses to work for the administrator.
        user: UserFacts { name: "ada".to_owned(), is_root: !is_mac, can_elevate: true },
        services: if is_mac { ServiceManager::Launchd } else { ServiceManager::Systemd },
        ..Facts::bare(if is_mac { Os::Macos } else { Os::Linux })
    }
}
