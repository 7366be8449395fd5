//! A simulated computer: an [`Executor`](crate::Executor) that starts no process and opens
//! no file.
//!
//! 1. [`world`] is how everything on it is, by name.
//! 2. [`goal`] tells how an action wants things to be, [`packages`] with what packages need,
//!    [`revert`] on the way back.
//! 3. [`foresight`] tries that on a copy, [`work`] on the machine itself, one change after
//!    the other.

mod answers;
mod fault;
mod foresight;
mod goal;
mod offer;
mod packages;
mod port;
mod program;
mod revert;
mod trouble;
mod voice;
mod work;
mod world;

pub use fault::Fault;
pub use offer::Offer;
pub use program::{Ending, Program};

use crate::{
    AbsolutePath, Distro, Facts, GroupName, Job, Manager, ManagerFacts, Os, Resource,
    ServiceManager, ServiceName, State, TaskId, UserFacts, UserName,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::watch;
use world::World;

/// A simulated computer, to try plans on without touching anything.
///
/// It keeps the whole contract of [`Executor`](crate::Executor): it foretells what it will
/// change, changes one thing after the other, writes truthful receipts, takes them back
/// exactly, can be stopped, and tells after a cut-off what became of the work. Programs run
/// from a table. What should go wrong is told with [`MemoryMachine::suffer`].
///
/// ```
/// use d1_core::{
///     Action, Executor, Manager, PackageOperation, Packages, Presence,
///     memory::{MemoryMachine, Offer},
/// };
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let machine = MemoryMachine::new();
/// machine.offer(Offer::new(Manager::Apt, "jq".parse()?, "1.7.1"));
///
/// let install = Action::Packages(Packages {
///     manager: Manager::Apt,
///     operation: PackageOperation::Install,
///     names: vec!["jq".parse()?],
/// });
/// let preview = machine.preview(&install.into()).await?;
/// assert_eq!(preview.presence, Presence::Absent);
/// assert_eq!(preview.changes[0].resource.to_string(), "apt package jq");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MemoryMachine {
    world: Mutex<World>,
    running: watch::Sender<BTreeSet<(TaskId, u32)>>,
}

impl MemoryMachine {
    /// A fresh Debian with apt and systemd, where the administrator does the work. Nothing is
    /// installed, and nothing is on offer.
    #[must_use]
    pub fn new() -> Self {
        let managers = vec![ManagerFacts { manager: Manager::Apt, index_age_seconds: None }];
        let user = UserFacts { name: "root".to_owned(), is_root: true, can_elevate: true };
        let distro = Distro { id: "debian".to_owned(), ..Distro::default() };
        let services = ServiceManager::Systemd;
        let distro = Some(distro);
        Self::described(Facts { distro, managers, user, services, ..Facts::bare(Os::Linux) })
    }

    /// A machine of which `facts` are true.
    #[must_use]
    pub fn described(facts: Facts) -> Self {
        Self { world: Mutex::new(World::new(facts)), running: watch::Sender::default() }
    }

    /// Puts a package on offer, in the place of an earlier offer of its name.
    pub fn offer(&self, offer: Offer) {
        self.world().offers.insert((offer.manager, offer.name.clone()), offer);
    }

    /// Has a service, though no package brings it.
    pub fn add_service(&self, name: ServiceName) {
        self.world().services.insert(name);
    }

    /// Has a group of users.
    pub fn add_group(&self, name: GroupName) {
        self.world().groups.insert(name);
    }

    /// Has a user.
    pub fn add_user(&self, name: UserName) {
        self.world().users.insert(name);
    }

    /// Has a program. `line` is a whole command, as [`Argv`](crate::Argv) shows it, or the
    /// name of a program whatever its arguments; the whole command is looked up first. A
    /// script is known by its text.
    pub fn teach(&self, line: &str, program: Program) {
        self.world().programs.insert(line.to_owned(), program);
    }

    /// Lets scripts run that it was taught.
    pub fn allow_shell(&self) {
        self.world().shell_allowed = true;
    }

    /// Lets every change take so long.
    pub fn take_time(&self, pace: Duration) {
        self.world().pace = pace;
    }

    /// Lets something go wrong from now on.
    pub fn suffer(&self, fault: Fault) {
        self.world().faults.insert(fault);
    }

    /// Lets it go wrong no longer.
    pub fn mend(&self, fault: &Fault) {
        self.world().faults.remove(fault);
    }

    /// Makes something so, as somebody else would.
    pub fn put(&self, resource: Resource, state: State) {
        self.world().put(resource, state);
    }

    /// Writes a file, as somebody else would: the administrator's, readable by all.
    pub fn write(&self, path: &AbsolutePath, content: &[u8]) {
        let mut world = self.world();
        let digest = world.keep(content.to_vec());
        let state = State::File { digest, mode: world::FILE_MODE, uid: 0, gid: 0 };
        for folder in goal::missing_folders(&world, path).unwrap_or_default() {
            world.put(folder.resource, folder.state);
        }
        world.put(Resource::File(path.clone()), state);
    }

    /// How something is.
    #[must_use]
    pub fn look(&self, resource: &Resource) -> State {
        self.world().look(resource)
    }

    /// The content of a regular file.
    #[must_use]
    pub fn content(&self, path: &AbsolutePath) -> Option<Vec<u8>> {
        self.world().content(path).cloned()
    }

    /// How everything is: two machines are alike when these are.
    #[must_use]
    pub fn states(&self) -> BTreeMap<Resource, State> {
        self.world().states.clone()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_fresh(&self, manager: Manager) -> bool {
        let world = self.world();
        let fresh = |known: &ManagerFacts| known.index_age_seconds == Some(0);
        world.facts.managers.iter().any(|known| known.manager == manager && fresh(known))
    }

    fn freshen(&self, manager: Manager) {
        let mut world = self.world();
        for known in world.facts.managers.iter_mut().filter(|known| known.manager == manager) {
            known.index_age_seconds = Some(0);
        }
    }

    /// Notes that an attempt runs, until what it gives back is dropped.
    fn running(&self, job: &Job) -> Running<'_> {
        let attempt = (job.task, job.attempt);
        self.running.send_modify(|running| running.extend([attempt]));
        Running { machine: self, attempt }
    }

    /// Waits until the attempt runs no more, at most the step's timeout; false when it does.
    async fn until_gone(&self, job: &Job) -> bool {
        let mut running = self.running.subscribe();
        let gone = running.wait_for(|running| !running.contains(&(job.task, job.attempt)));
        tokio::time::timeout(job.step.timeout, gone).await.is_ok()
    }
}

impl Default for MemoryMachine {
    fn default() -> Self {
        Self::new()
    }
}

/// An attempt that runs. Work that is dropped in the middle has ended, too.
struct Running<'a> {
    machine: &'a MemoryMachine,
    attempt: (TaskId, u32),
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.machine.running.send_modify(|running| running.retain(|one| *one != self.attempt));
    }
}
