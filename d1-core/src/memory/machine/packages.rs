//! How packages should be: with what they need, or without what needs them.

use super::{goal::Goal, trouble, world::World};
use crate::{Manager, PackageName, PackageOperation, Packages, Problem, Resource, State};
use std::collections::BTreeSet;

use super::super::near;

/// The goals of installing or removing packages, in the order in which they are reached.
pub(super) fn goals(world: &World, packages: &Packages) -> Result<Vec<Goal>, Problem> {
    let mut order =
        Order { world, manager: packages.manager, seen: BTreeSet::new(), goals: vec![] };
    for name in &packages.names {
        match packages.operation {
            PackageOperation::Install => order.install(name, &packages.names)?,
            PackageOperation::Remove => order.remove(name),
        }
    }
    Ok(order.goals)
}

/// The goals of taking a package away: its services first.
pub(super) fn removal(world: &World, manager: Manager, name: &PackageName) -> Vec<Goal> {
    let mut goals = Vec::new();
    let offer = world.offers.get(&(manager, name.clone()));
    for service in offer.map(|offer| offer.services.as_slice()).unwrap_or_default() {
        let of = [Resource::ServiceActive, Resource::ServiceEnabled];
        let present = of.map(|kind| kind(service.clone()));
        let present = present.into_iter().filter(|one| world.look(one) != State::Absent);
        goals.extend(present.map(|resource| Goal::new(resource, State::Absent)));
    }
    goals.push(Goal::new(Resource::Package { manager, name: name.clone() }, State::Absent));
    goals
}

/// Goes through packages so that none comes before what it needs, or after what needs it.
struct Order<'a> {
    world: &'a World,
    manager: Manager,
    seen: BTreeSet<PackageName>,
    goals: Vec<Goal>,
}

impl Order<'_> {
    /// What `name` needs, then `name` itself; only those that were `asked` for by name count
    /// as wanted for themselves.
    fn install(&mut self, name: &PackageName, asked: &[PackageName]) -> Result<(), Problem> {
        if !self.seen.insert(name.clone()) {
            return Ok(());
        }
        let offer = self.world.offers.get(&(self.manager, name.clone()));
        let resource = Resource::Package { manager: self.manager, name: name.clone() };
        let automatic = !asked.contains(name);
        let state = match self.world.look(&resource) {
            State::Installed { version, automatic: before } => {
                State::Installed { version, automatic: before && automatic }
            }
            State::Absent
            | State::Present
            | State::ConfigFiles { .. }
            | State::Broken { .. }
            | State::File { .. }
            | State::Directory { .. }
            | State::Permissions { .. }
            | State::Link { .. } => {
                let version = offer.ok_or_else(|| self.unknown(name))?.version.clone();
                State::Installed { version, automatic }
            }
        };
        for needed in offer.map(|offer| offer.depends.as_slice()).unwrap_or_default() {
            self.install(needed, asked)?;
        }
        self.goals.push(Goal::new(resource, state));
        Ok(())
    }

    /// What needs `name`, then `name` itself.
    fn remove(&mut self, name: &PackageName) {
        if !self.seen.insert(name.clone()) {
            return;
        }
        for dependent in self.world.dependents(self.manager, name) {
            self.remove(&dependent);
        }
        self.goals.extend(removal(self.world, self.manager, name));
    }

    fn unknown(&self, name: &PackageName) -> Problem {
        let mine = self.world.offers.keys().filter(|(manager, _)| *manager == self.manager);
        let names = mine.map(|(_, name)| name.as_str());
        trouble::no_package(self.manager, name, &near::closest(name.as_str(), names, 1))
    }
}
