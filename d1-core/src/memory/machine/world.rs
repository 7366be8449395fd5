//! How a simulated computer is: everything on it that can change, by name.

use super::{Fault, Offer, Program, goal::Goal, trouble};
use crate::{
    AbsolutePath, Digest, Facts, GroupName, Manager, PackageName, Problem, Resource, ServiceName,
    State, UserName,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// The permission bits of a file when nobody says.
pub(super) const FILE_MODE: u32 = 0o644;
/// The permission bits of a folder that is made on the way to a file.
pub(super) const FOLDER_MODE: u32 = 0o755;

/// How a simulated computer is.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) facts: Facts,
    /// Everything that is not [`State::Absent`].
    pub(super) states: BTreeMap<Resource, State>,
    /// Every content that any file ever had: files now, originals for an undo.
    contents: BTreeMap<Digest, Vec<u8>>,
    pub(super) offers: BTreeMap<(Manager, PackageName), Offer>,
    pub(super) services: BTreeSet<ServiceName>,
    pub(super) groups: BTreeSet<GroupName>,
    pub(super) users: BTreeSet<UserName>,
    pub(super) programs: BTreeMap<String, Program>,
    pub(super) faults: BTreeSet<Fault>,
    pub(super) shell_allowed: bool,
    pub(super) pace: Duration,
}

impl World {
    pub(super) fn new(facts: Facts) -> Self {
        let user = facts.user.name.parse().ok();
        Self {
            facts,
            states: BTreeMap::new(),
            contents: BTreeMap::new(),
            offers: BTreeMap::new(),
            services: BTreeSet::new(),
            groups: BTreeSet::new(),
            users: user.into_iter().collect(),
            programs: BTreeMap::new(),
            faults: BTreeSet::new(),
            shell_allowed: false,
            pace: Duration::ZERO,
        }
    }

    pub(super) fn look(&self, resource: &Resource) -> State {
        if let Resource::Permissions(path) = resource {
            return match self.states.get(&Resource::File(path.clone())) {
                Some(State::File { mode, .. } | State::Directory { mode }) => {
                    State::Permissions { mode: *mode }
                }
                _ => State::Absent,
            };
        }
        self.states.get(resource).cloned().unwrap_or(State::Absent)
    }

    pub(super) fn put(&mut self, resource: Resource, state: State) {
        if let (Resource::Permissions(path), State::Permissions { mode: wanted }) =
            (&resource, &state)
        {
            let there = self.states.get_mut(&Resource::File(path.clone()));
            if let Some(State::File { mode, .. } | State::Directory { mode }) = there {
                *mode = *wanted;
            }
            return;
        }
        match state {
            State::Absent => drop(self.states.remove(&resource)),
            State::Present
            | State::Installed { .. }
            | State::ConfigFiles { .. }
            | State::Broken { .. }
            | State::File { .. }
            | State::Directory { .. }
            | State::Permissions { .. }
            | State::Link { .. } => drop(self.states.insert(resource, state)),
        }
    }

    pub(super) fn keep(&mut self, content: Vec<u8>) -> Digest {
        let digest = Digest::of(&content);
        self.contents.insert(digest, content);
        digest
    }

    /// The content of a regular file.
    pub(super) fn content(&self, path: &AbsolutePath) -> Option<&Vec<u8>> {
        match self.states.get(&Resource::File(path.clone()))? {
            State::File { digest, .. } => self.contents.get(digest),
            State::Absent
            | State::Present
            | State::Installed { .. }
            | State::ConfigFiles { .. }
            | State::Broken { .. }
            | State::Directory { .. }
            | State::Permissions { .. }
            | State::Link { .. } => None,
        }
    }

    /// Whether this manager is on the machine and works.
    pub(super) fn has(&self, manager: Manager) -> bool {
        let known = self.facts.managers.iter().any(|known| known.manager == manager);
        known && !self.faults.contains(&Fault::ManagerIsGone(manager))
    }

    pub(super) fn may_administer(&self) -> bool {
        self.facts.user.is_root || self.facts.user.can_elevate
    }

    pub(super) fn knows_service(&self, name: &ServiceName) -> bool {
        let brings = |offer: &Offer| offer.services.contains(name);
        self.services.contains(name) || self.installed().any(brings)
    }

    /// The version of a package that is installed.
    pub(super) fn version_of(&self, manager: Manager, name: &PackageName) -> Option<String> {
        match self.look(&Resource::Package { manager, name: name.clone() }) {
            State::Installed { version, .. } => Some(version),
            State::Absent
            | State::Present
            | State::ConfigFiles { .. }
            | State::Broken { .. }
            | State::File { .. }
            | State::Directory { .. }
            | State::Permissions { .. }
            | State::Link { .. } => None,
        }
    }

    /// Everything on offer that is installed.
    pub(super) fn installed(&self) -> impl Iterator<Item = &Offer> {
        self.offers.values().filter(|offer| self.version_of(offer.manager, &offer.name).is_some())
    }

    /// The installed packages of the same manager that need `name`.
    pub(super) fn dependents(&self, manager: Manager, name: &PackageName) -> Vec<PackageName> {
        let needs = |offer: &&Offer| offer.manager == manager && offer.depends.contains(name);
        self.installed().filter(needs).map(|offer| offer.name.clone()).collect()
    }

    /// What a command comes to: as it was taught, or as the package that brings it says.
    pub(super) fn program(&self, line: &str, name: &str) -> Option<Program> {
        let taught = self.programs.get(line).or_else(|| self.programs.get(name));
        taught.cloned().or_else(|| {
            let brings = |offer: &&Offer| offer.commands.iter().any(|c| c.as_str() == name);
            let offer = self.installed().find(brings)?;
            let version = self.version_of(offer.manager, &offer.name)?;
            Some(Program::saying(&format!("{name} {version}\n")))
        })
    }

    /// Brings one thing to where it should be, or as far as its fault lets it come.
    pub(super) fn bring(&mut self, goal: &Goal) -> Result<(), Problem> {
        match &goal.resource {
            Resource::Package { manager, name } => {
                let fault = Fault::PackageFails(*manager, name.clone());
                if let (State::Installed { version, .. }, true) =
                    (&goal.state, self.faults.contains(&fault))
                {
                    let (version, status) = (version.clone(), "half-configured".to_owned());
                    self.put(goal.resource.clone(), State::Broken { version, status });
                    return Err(trouble::package_fails(*manager, name));
                }
            }
            Resource::File(path) | Resource::Permissions(path) => {
                if self.faults.contains(&Fault::FileIsReadOnly(path.clone())) {
                    return Err(trouble::read_only(path));
                }
                self.provide(goal)?;
            }
            Resource::ServiceActive(name) => {
                let fails = self.faults.contains(&Fault::ServiceFails(name.clone()));
                if goal.state == State::Present && fails {
                    return Err(trouble::service_fails(name));
                }
            }
            Resource::ServiceEnabled(_) | Resource::GroupMember { .. } => {}
        }
        self.put(goal.resource.clone(), goal.state.clone());
        Ok(())
    }

    /// Sees that the content of a file that is written is there.
    fn provide(&mut self, goal: &Goal) -> Result<(), Problem> {
        if let Some(content) = &goal.content {
            self.keep(content.clone());
        }
        match &goal.state {
            State::File { digest, .. } if !self.contents.contains_key(digest) => {
                Err(trouble::no_original(&goal.resource))
            }
            State::File { .. }
            | State::Absent
            | State::Present
            | State::Installed { .. }
            | State::ConfigFiles { .. }
            | State::Broken { .. }
            | State::Directory { .. }
            | State::Permissions { .. }
            | State::Link { .. } => Ok(()),
        }
    }

    /// Whether something lies in this folder.
    pub(super) fn holds_something(&self, folder: &AbsolutePath) -> bool {
        let inside = format!("{}/", folder.as_str());
        self.states.keys().any(|resource| match resource {
            Resource::File(path) => path.as_str().starts_with(&inside),
            Resource::Package { .. }
            | Resource::Permissions(_)
            | Resource::ServiceEnabled(_)
            | Resource::ServiceActive(_)
            | Resource::GroupMember { .. } => false,
        })
    }
}
