//! From a grant to a running command behind walls.

use super::{
    gate,
    launch::launch,
    order::{Mode, Order, Word, hear},
    running::Running,
    shape::Shape,
    spare::{Spare, Successor},
    trouble::{doing, silent, told},
};
use crate::{
    process,
    sandbox::{
        Egress, Outside,
        grant::{Demand, Given, Grant, Profile},
        places::{Surroundings, View, view},
        port::{Confined, SandboxBackend, SandboxError},
        wall::{Missing, Wall},
    },
};
use rustix::process::{getegid, geteuid};
use std::{
    collections::BTreeMap,
    fs,
    os::fd::{AsFd as _, BorrowedFd},
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// The namespaces of the walls, by their names below `/proc/self/ns`.
const NAMESPACES: [&str; 6] = ["pid", "mnt", "ipc", "uts", "cgroup", "net"];
/// How the sandbox of this process is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinuxConfig {
    /// Whose home it is, and which folders are ours.
    pub around: Surroundings,
    /// Whether a command whose grant is content with best effort may run without namespaces,
    /// where this machine has none for us.
    pub allow_bare: bool,
    /// Whether a first process is kept ready for the next command: one idle process for a start
    /// in half the time, behind walls that are up already when commands that only read follow each
    /// other. For programs that run many.
    pub ahead: bool,
}

/// Runs commands in namespaces of their own.
#[derive(Debug)]
pub struct LinuxSandbox {
    config: LinuxConfig,
    mode: Mode,
    outside: Outside,
    pub(super) spare: Arc<Spare>,
    tried: OnceLock<Result<Missing, String>>,
    gate_tried: OnceLock<Result<(), String>>,
    tried_packages: OnceLock<Result<Missing, String>>,
}

impl LinuxSandbox {
    /// The sandbox that this process can make: as root, every command has a user of its own.
    #[must_use]
    pub fn new(config: LinuxConfig) -> Self {
        let mode = if geteuid().is_root() { Mode::Root } else { Mode::Rootless };
        let outside = Outside::new();
        let (tried, gate_tried, tried_packages) =
            (OnceLock::new(), OnceLock::new(), OnceLock::new());
        let spare = Arc::default();
        Self { config, mode, outside, spare, tried, gate_tried, tried_packages }
    }

    /// The same, with this outside for commands that are given hosts.
    #[must_use]
    pub fn with_outside(mut self, outside: Outside) -> Self {
        self.outside = outside;
        self
    }

    fn order(&self, mode: Mode, strict: bool) -> Order {
        let own = (geteuid().as_raw(), getegid().as_raw());
        // Without namespaces there is no list of users that one could reserve one in.
        let nobody = (65_534, 65_534);
        Order {
            mode,
            argv: Vec::new(),
            env: BTreeMap::new(),
            cwd: PathBuf::from("/"),
            home: self.config.around.home.clone(),
            script: None,
            user: if mode == Mode::Bare && own.0 == 0 { nobody } else { own },
            view: View { read: ["/usr", "/etc"].map(PathBuf::from).to_vec(), ..View::default() },
            limits: crate::sandbox::grant::Limits::USUAL,
            network: None,
            packages: false,
            unconfined: false,
            strict,
            ahead: false,
            outside: BTreeMap::new(),
        }
    }

    /// Puts up the walls of `mode` and asks from inside whether they hold.
    fn try_walls(
        &self,
        mode: Mode,
        network: &Egress,
        packages: bool,
    ) -> Result<Missing, SandboxError> {
        let null = fs::OpenOptions::new().write(true).open("/dev/null");
        let null = null.map_err(doing("open /dev/null"))?;
        let mut order = self.order(mode, false);
        let outside = NAMESPACES.iter().filter_map(|name| {
            Some(((*name).to_owned(), fs::read_link(format!("/proc/self/ns/{name}")).ok()?))
        });
        order.outside = outside.collect();
        order.network = gate::doors(network, packages);
        if packages {
            as_packages(&mut order);
        }
        let mut launched = launch(order, null.as_fd(), null.as_fd(), None)?;
        // The trial is nobody's business outside.
        let _gate = gate::open(&mut launched, network, &Outside::new())?;
        let word = hear(&mut launched.words).map_err(doing("hear how it goes"))?;
        let mut missing = match word {
            Some(Word::Tried(missing)) => missing,
            Some(Word::Failed(failure)) => return Err(told(failure, &[], Path::new("/"), None)),
            Some(Word::Started(_) | Word::Waiting(_) | Word::Ended(_)) | None => {
                return Err(silent());
            }
        };
        let root = &launched.root;
        match &root.group {
            Some(group) if group.has(root.pid) => {}
            Some(_other) => {
                missing.insert(Wall::ControlGroup, "it is not in the group made for it".into());
            }
            None => {
                missing.insert(Wall::ControlGroup, "no group could be made for it".into());
            }
        }
        Ok(missing)
    }

    fn tried(&self) -> Result<&Missing, SandboxError> {
        let told = |error: SandboxError| error.to_string();
        let none = Egress::none();
        let tried = || self.try_walls(self.mode, &none, false).map_err(told);
        let tried = self.tried.get_or_init(tried);
        tried.as_ref().map_err(|why| SandboxError::SetUp {
            doing: "show that it holds".into(),
            why: why.clone(),
        })
    }

    /// In which mode a command with this demand starts, and which walls are not up in it.
    fn proven(&self, profile: Profile, demand: Demand) -> Result<(Mode, Missing), SandboxError> {
        if profile == Profile::Packages {
            return self.proven_for_packages(demand);
        }
        if profile.is_unconfined() {
            return Ok((Mode::Bare, no_walls_wanted()));
        }
        let bare = demand == Demand::BestEffort && self.config.allow_bare;
        let (mode, proven) = match self.tried() {
            Ok(missing) => (self.mode, missing.clone()),
            Err(_no_namespaces) if bare => {
                (Mode::Bare, self.try_walls(Mode::Bare, &Egress::none(), false)?)
            }
            Err(error) => return Err(error),
        };
        let first = proven.iter().find(|(wall, _why)| is_required(mode, **wall));
        match (first, demand) {
            (Some((wall, why)), Demand::Required) => {
                Err(SandboxError::Missing { wall: *wall, why: why.clone() })
            }
            (Some(_) | None, _) => Ok((mode, proven)),
        }
    }

    /// Whether a network by name holds, tried from inside; without it there is no network.
    fn may_have_network(&self, mode: Mode) -> Result<(), SandboxError> {
        if mode == Mode::Bare {
            let why = "without namespaces nothing keeps it to the names it was given".into();
            return Err(SandboxError::Missing { wall: Wall::Egress, why });
        }
        let tried = self.gate_tried.get_or_init(|| {
            let tried =
                self.try_walls(self.mode, &gate::trial(), false).map_err(|e| e.to_string())?;
            let walls = [Wall::Network, Wall::Egress];
            let open = walls.iter().find_map(|wall| tried.get(wall));
            open.map_or(Ok(()), |why| Err(why.clone()))
        });
        let missing = |why: &String| SandboxError::Missing { wall: Wall::Egress, why: why.clone() };
        tried.as_ref().map_err(missing).copied()
    }

    /// The walls of packages: with namespaces and as root, or not at all.
    fn proven_for_packages(&self, demand: Demand) -> Result<(Mode, Missing), SandboxError> {
        if self.mode != Mode::Root {
            let why = "only the administrator changes packages".to_owned();
            return Err(SandboxError::SetUp { doing: "install packages".into(), why });
        }
        let told = |error: SandboxError| error.to_string();
        let tried = || self.try_walls(self.mode, &gate::trial(), true).map_err(told);
        let missing = self.tried_packages.get_or_init(tried).as_ref();
        let missing = missing.map_err(|why| SandboxError::SetUp {
            doing: "show that it holds".into(),
            why: why.clone(),
        })?;
        let is_missing = |wall: &Wall| wall.is_essential() && *wall != Wall::TaskUser;
        let first = missing.iter().find(|(wall, _)| is_missing(wall));
        // A network that does not keep to names is none, whoever is content with less.
        let open = missing.get_key_value(&Wall::Egress).or(missing.get_key_value(&Wall::Network));
        if let Some((wall, why)) = open {
            return Err(SandboxError::Missing { wall: *wall, why: why.clone() });
        }
        match (first, demand) {
            (Some((wall, why)), Demand::Required) => {
                Err(SandboxError::Missing { wall: *wall, why: why.clone() })
            }
            (Some(_) | None, _) => Ok((Mode::Root, missing.clone())),
        }
    }

    /// Whether a first process that was made ahead would do.
    fn is_usual(&self, order: &Order) -> bool {
        order.mode == self.mode && !order.packages
    }

    fn start_in(
        &self,
        mode: Mode,
        (grant, view): (&Grant, View),
        stdout: BorrowedFd<'_>,
        stderr: BorrowedFd<'_>,
    ) -> Result<Running, SandboxError> {
        let mut order = self.order(mode, grant.demand == Demand::Required);
        if grant.profile == Profile::Packages {
            as_packages(&mut order);
        }
        if grant.profile.is_unconfined() {
            order.unconfined = true;
            order.user = (geteuid().as_raw(), getegid().as_raw());
        }
        order.argv = grant.argv.words().to_vec();
        order.env = grant.env.clone();
        order.network = gate::doors(&grant.network, order.packages);
        if order.network.is_some() {
            order.env.retain(|name, _| !gate::names_a_proxy(name));
        }
        if mode == Mode::Bare {
            // Without a namespace of its own nobody but us ends what it leaves behind.
            process::adopt_orphans();
            order.env.entry(process::MARKER.to_owned()).or_insert_with(mark);
        }
        let mark = order.env.get(process::MARKER).cloned().unwrap_or_default();
        order.cwd = grant.cwd.clone();
        order.script = grant.script.clone();
        order.view = view;
        order.limits = grant.limits;
        let ready = if self.is_usual(&order) { self.spare.take() } else { None };
        let successor = self.config.ahead.then(|| Successor {
            spare: Arc::clone(&self.spare),
            mode: self.mode,
            shape: self.spare.note(Shape::of(&order)),
        });
        let mut launched = launch(order, stdout, stderr, ready)?;
        let gate =
            gate::open(&mut launched, &grant.network, &self.outside.of_profile(grant.profile))?;
        match hear(&mut launched.words).map_err(doing("hear how it goes"))? {
            Some(Word::Started(missing)) => {
                let walled = mode != Mode::Bare;
                let mut running = Running::new(launched, missing, walled, mark, gate)?;
                running.successor = successor;
                Ok(running)
            }
            Some(Word::Failed(failure)) => {
                let script = grant.script.as_ref().map(|script| script.path.as_path());
                Err(told(failure, grant.argv.words(), &grant.cwd, script))
            }
            Some(Word::Tried(_) | Word::Waiting(_) | Word::Ended(_)) | None => Err(silent()),
        }
    }
}

impl Drop for LinuxSandbox {
    fn drop(&mut self) {
        self.spare.close();
    }
}

impl SandboxBackend for LinuxSandbox {
    fn missing(&self) -> Result<Missing, SandboxError> {
        self.tried().cloned()
    }

    fn would_start(&self, profile: Profile, demand: Demand) -> Result<(), SandboxError> {
        self.proven(profile, demand).map(drop)
    }

    fn given(&self, grant: &Grant, path: &Path) -> Result<Given, SandboxError> {
        Ok(view(grant, &self.config.around)?.given(path))
    }

    fn start(
        &self,
        grant: &Grant,
        stdout: BorrowedFd<'_>,
        stderr: BorrowedFd<'_>,
    ) -> Result<Box<dyn Confined>, SandboxError> {
        let view = view(grant, &self.config.around)?;
        let wrong = |why| SandboxError::SetUp { doing: "give it this network".into(), why };
        grant.network.check(grant.profile).map_err(wrong)?;
        let (mode, proven) = self.proven(grant.profile, grant.demand)?;
        if grant.network.is_some() {
            self.may_have_network(mode)?;
        }
        let mut running = self.start_in(mode, (grant, view), stdout, stderr)?;
        running.missing.extend(proven);
        if grant.network.machine {
            let why = "its packages come over the network of the machine".to_owned();
            running.missing.insert(Wall::Network, why);
        }
        Ok(Box::new(running))
    }
}

/// What is different for packages.
fn as_packages(order: &mut Order) {
    order.packages = true;
    order.user = (0, 0);
}

/// A mark that no other command has.
fn mark() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Nothing is claimed of a command without walls, but that it has its bounds.
fn no_walls_wanted() -> Missing {
    let others = Wall::ALL.into_iter().filter(|wall| *wall != Wall::Limits);
    others.map(|wall| (wall, "`unconfined` was asked for and said yes to".to_owned())).collect()
}

/// Without root there is only one user to be; everything else is demanded all the same.
fn is_required(mode: Mode, wall: Wall) -> bool {
    wall.is_essential() && !(mode == Mode::Rootless && wall == Wall::TaskUser)
}
