//! From a grant to a running command behind walls.

use super::{
    cgroup::Group,
    child::{Child, LENT, MOST_LENT, main},
    clone::clone,
    lend::lend,
    order::{Failure, Finish, How, Mode, Order, Word, hear},
    slot::Slot,
};
use crate::{
    process,
    sandbox::{
        grant::{Demand, Grant},
        places::{Surroundings, View, view},
        port::{Confined, End, Fate, SandboxBackend, SandboxError, pipe},
        reap,
        wall::{Missing, Wall},
        watch,
    },
};
use d1_core::Usage;
use rustix::{
    io::fcntl_dupfd_cloexec,
    process::{Signal, getegid, geteuid, pidfd_send_signal},
};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    fs::{self, File},
    io::{self, BufReader},
    os::{
        fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd, RawFd},
        linux::fs::MetadataExt as _,
    },
    path::{Path, PathBuf},
    sync::OnceLock,
};
use tokio::io::unix::AsyncFd;

/// The namespaces of the walls, by their names below `/proc/self/ns`.
const NAMESPACES: [&str; 6] = ["pid", "mnt", "ipc", "uts", "cgroup", "net"];
/// A number above all places of the child's descriptors.
const ABOVE: RawFd = LENT + MOST_LENT as RawFd;

/// How the sandbox of this process is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinuxConfig {
    /// Whose home it is, and which folders are ours.
    pub around: Surroundings,
    /// Whether a command whose grant is content with best effort may run without namespaces,
    /// where this machine has none for us.
    pub allow_bare: bool,
}

/// Runs commands in namespaces of their own.
#[derive(Debug)]
pub struct LinuxSandbox {
    config: LinuxConfig,
    mode: Mode,
    tried: OnceLock<Result<Missing, String>>,
}

impl LinuxSandbox {
    /// The sandbox that this process can make: as root, every command has a user of its own.
    #[must_use]
    pub fn new(config: LinuxConfig) -> Self {
        let mode = if geteuid().is_root() { Mode::Root } else { Mode::Rootless };
        Self { config, mode, tried: OnceLock::new() }
    }

    /// Starts `order`, with words to `stdout` and `stderr`, in a group if there can be one.
    fn launch(
        &self,
        mut order: Order,
        stdout: BorrowedFd<'_>,
        stderr: BorrowedFd<'_>,
    ) -> Result<Launched, SandboxError> {
        let slot = match order.mode {
            Mode::Root => Some(Slot::take().map_err(doing("reserve a user for the task"))?),
            Mode::Rootless | Mode::Bare => None,
        };
        if let Some(slot) = &slot {
            order.user = (slot.user, slot.user);
        }
        let lent = self.lent(&mut order)?;
        let group = Group::make(&order.limits);
        let null = File::open("/dev/null").map_err(doing("open /dev/null"))?;
        let order_file = order.seal().map_err(doing("write its order"))?;
        let (words, say) = pipe().map_err(doing("make a pipe"))?;
        let (live, life) = pipe().map_err(doing("make a pipe"))?;
        let mut fds =
            vec![null.as_fd(), stdout, stderr, order_file.as_fd(), say.as_fd(), live.as_fd()];
        fds.extend(lent.iter().map(OwnedFd::as_fd));
        let (mut child, _kept) = child(&fds, order.mode).map_err(doing("place its descriptors"))?;
        let flags = flags(order.mode) | libc::CLONE_VFORK;
        let handle = group.as_ref().ok().map(Group::handle);
        let cloned = clone(flags, handle, main, &mut child).map_err(no_namespaces)?;
        if child.failed.1 != 0 {
            let _reaped = reap(cloned.pid);
            let (step, errno) = child.failed;
            return Err(doing(step)(io::Error::from_raw_os_error(errno)));
        }
        let words = BufReader::new(File::from(words));
        let handle = Some(cloned.handle);
        let root =
            Root { pid: cloned.pid, handle, life: Some(life), group: group.ok(), _slot: slot };
        Ok(Launched { root, words })
    }

    /// Lends every writable place to the task's user; gives back what lends.
    fn lent(&self, order: &mut Order) -> Result<Vec<OwnedFd>, SandboxError> {
        let mut maps: BTreeMap<(u32, u32), OwnedFd> = BTreeMap::new();
        let mut all = Vec::new();
        order.lent = vec![None; order.view.write.len()];
        if order.mode != Mode::Root {
            return Ok(all);
        }
        for (at, place) in order.view.write.iter().enumerate() {
            let failed = |source: io::Error| SandboxError::Path {
                path: place.clone(),
                why: source.to_string(),
            };
            let it = fs::symlink_metadata(place).map_err(failed)?;
            let owner = (it.st_uid(), it.st_gid());
            let map = match maps.entry(owner) {
                Entry::Occupied(made) => made.into_mut(),
                Entry::Vacant(place) => {
                    place.insert(lend(owner, order.user).map_err(doing("lend files"))?)
                }
            };
            all.push(map.try_clone().map_err(failed)?);
            order.lent[at] = LENT.checked_add(i32::try_from(at).unwrap_or(i32::MAX));
        }
        if all.len() > MOST_LENT {
            let why = format!("at most {MOST_LENT} places can be given at once");
            return Err(SandboxError::SetUp { doing: "lend files".into(), why });
        }
        Ok(all)
    }

    fn order(&self, mode: Mode, strict: bool) -> Order {
        let own = (geteuid().as_raw(), getegid().as_raw());
        // Without namespaces there is no list of users that one could reserve one in.
        let nobody = (65_534, 65_534);
        let outside = NAMESPACES.iter().filter_map(|name| {
            Some(((*name).to_owned(), fs::read_link(format!("/proc/self/ns/{name}")).ok()?))
        });
        Order {
            mode,
            argv: Vec::new(),
            env: BTreeMap::new(),
            cwd: PathBuf::from("/"),
            home: self.config.around.home.clone(),
            script: None,
            user: if mode == Mode::Bare && own.0 == 0 { nobody } else { own },
            view: View { read: ["/usr", "/etc"].map(PathBuf::from).to_vec(), ..View::default() },
            lent: Vec::new(),
            limits: crate::sandbox::grant::Limits::USUAL,
            strict,
            outside: outside.collect(),
        }
    }

    /// Puts up the walls of `mode` and asks from inside whether they hold.
    fn try_walls(&self, mode: Mode) -> Result<Missing, SandboxError> {
        let null = fs::OpenOptions::new().write(true).open("/dev/null");
        let null = null.map_err(doing("open /dev/null"))?;
        let order = self.order(mode, false);
        let mut launched = self.launch(order, null.as_fd(), null.as_fd())?;
        let word = hear(&mut launched.words).map_err(doing("hear how it goes"))?;
        let mut missing = match word {
            Some(Word::Tried(missing)) => missing,
            Some(Word::Failed(failure)) => return Err(told(failure, &[], Path::new("/"), None)),
            Some(Word::Started(_) | Word::Ended(_)) | None => return Err(silent()),
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
        let tried = self.tried.get_or_init(|| self.try_walls(self.mode).map_err(|e| e.to_string()));
        tried.as_ref().map_err(|why| SandboxError::SetUp {
            doing: "show that it holds".into(),
            why: why.clone(),
        })
    }

    fn start_in(
        &self,
        mode: Mode,
        (grant, view): (&Grant, View),
        stdout: BorrowedFd<'_>,
        stderr: BorrowedFd<'_>,
    ) -> Result<Running, SandboxError> {
        let mut order = self.order(mode, grant.demand == Demand::Required);
        order.argv = grant.argv.words().to_vec();
        order.env = grant.env.clone();
        order.cwd = grant.cwd.clone();
        order.script = grant.script.clone();
        order.view = view;
        order.limits = grant.limits;
        let mut launched = self.launch(order, stdout, stderr)?;
        match hear(&mut launched.words).map_err(doing("hear how it goes"))? {
            Some(Word::Started(missing)) => {
                let mark = grant.env.get(process::MARKER).cloned().unwrap_or_default();
                Running::new(launched, missing, mode != Mode::Bare, mark)
            }
            Some(Word::Failed(failure)) => {
                let script = grant.script.as_ref().map(|script| script.path.as_path());
                Err(told(failure, grant.argv.words(), &grant.cwd, script))
            }
            Some(Word::Tried(_) | Word::Ended(_)) | None => Err(silent()),
        }
    }
}

impl SandboxBackend for LinuxSandbox {
    fn missing(&self) -> Result<Missing, SandboxError> {
        self.tried().cloned()
    }

    fn start(
        &self,
        grant: &Grant,
        stdout: BorrowedFd<'_>,
        stderr: BorrowedFd<'_>,
    ) -> Result<Box<dyn Confined>, SandboxError> {
        let view = view(grant, &self.config.around)?;
        let bare = grant.demand == Demand::BestEffort && self.config.allow_bare;
        let (mode, proven) = match self.tried() {
            Ok(missing) => (self.mode, missing.clone()),
            Err(_no_namespaces) if bare => (Mode::Bare, self.try_walls(Mode::Bare)?),
            Err(error) => return Err(error),
        };
        let first = proven.iter().find(|(wall, _why)| is_required(mode, **wall));
        if let (Some((wall, why)), Demand::Required) = (first, grant.demand) {
            return Err(SandboxError::Missing { wall: *wall, why: why.clone() });
        }
        let mut running = self.start_in(mode, (grant, view), stdout, stderr)?;
        running.missing.extend(proven);
        Ok(Box::new(running))
    }
}

/// Without root there is only one user to be; everything else is demanded all the same.
fn is_required(mode: Mode, wall: Wall) -> bool {
    wall.is_essential() && !(mode == Mode::Rootless && wall == Wall::TaskUser)
}

fn flags(mode: Mode) -> i32 {
    let namespaces = libc::CLONE_NEWPID
        | libc::CLONE_NEWNS
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWCGROUP
        | libc::CLONE_NEWNET;
    match mode {
        Mode::Root => namespaces,
        Mode::Rootless => namespaces | libc::CLONE_NEWUSER,
        Mode::Bare => 0,
    }
}

/// What the child works with, and the descriptors that have to stay open for it.
fn child(fds: &[BorrowedFd<'_>], mode: Mode) -> io::Result<(Child, Vec<OwnedFd>)> {
    let mut descriptors = [-1; LENT as usize + MOST_LENT];
    let mut kept = Vec::new();
    for (place, fd) in descriptors.iter_mut().zip(fds) {
        let above = fcntl_dupfd_cloexec(fd, ABOVE)?;
        *place = above.as_raw_fd();
        kept.push(above);
    }
    let maps = (mode == Mode::Rootless).then(|| {
        let ((users, users_len), (groups, groups_len)) =
            (itself(geteuid().as_raw()), itself(getegid().as_raw()));
        (users, users_len, groups, groups_len)
    });
    Ok((Child { descriptors, count: fds.len(), maps, failed: ("", 0) }, kept))
}

/// The line that maps a number to itself.
fn itself(number: u32) -> ([u8; 64], usize) {
    let line = format!("{number} {number} 1\n");
    let mut bytes = [0; 64];
    bytes[..line.len()].copy_from_slice(line.as_bytes());
    (bytes, line.len())
}

fn doing(doing: &str) -> impl FnOnce(io::Error) -> SandboxError {
    move |error| SandboxError::SetUp { doing: doing.to_owned(), why: error.to_string() }
}

fn no_namespaces(error: io::Error) -> SandboxError {
    doing("make namespaces; let this program make them, or allow less isolation")(error)
}

fn silent() -> SandboxError {
    SandboxError::SetUp {
        doing: "start".into(),
        why: "its first process ended without a word".into(),
    }
}

fn told(failure: Failure, argv: &[String], cwd: &Path, script: Option<&Path>) -> SandboxError {
    let program = argv.first().cloned().unwrap_or_default();
    match failure {
        Failure::Wall { wall, why } => SandboxError::Missing { wall, why },
        Failure::SetUp { doing, why } => SandboxError::SetUp { doing, why },
        Failure::Changed => {
            SandboxError::Changed { path: script.unwrap_or(Path::new("")).to_path_buf() }
        }
        Failure::NotFound => SandboxError::NotFound { program },
        Failure::Directory => SandboxError::Directory { cwd: cwd.to_path_buf() },
        Failure::Start { errno } => {
            SandboxError::Start { program, source: io::Error::from_raw_os_error(errno) }
        }
    }
}

struct Launched {
    root: Root,
    words: BufReader<File>,
}

/// The first process of a sandbox. Dropping this ends everything in it.
#[derive(Debug)]
struct Root {
    pid: i32,
    handle: Option<OwnedFd>,
    /// Closing it ends everything, too.
    life: Option<OwnedFd>,
    group: Option<Group>,
    _slot: Option<Slot>,
}

impl Drop for Root {
    fn drop(&mut self) {
        self.life = None;
        if let Some(handle) = self.handle.take() {
            let _gone = pidfd_send_signal(&handle, Signal::KILL);
            if let Some(group) = &self.group {
                group.kill();
            }
            let _reaped = reap(self.pid);
        }
    }
}

/// A command that runs.
#[derive(Debug)]
struct Running {
    /// Readable when the first process has ended; declared before `root`, which reaps it.
    handle: AsyncFd<OwnedFd>,
    root: Root,
    words: std::sync::Mutex<BufReader<File>>,
    missing: Missing,
    mark: String,
    walled: bool,
    ended: tokio::sync::OnceCell<End>,
}

impl Running {
    fn new(
        launched: Launched,
        missing: Missing,
        walled: bool,
        mark: String,
    ) -> Result<Self, SandboxError> {
        let Launched { root, words } = launched;
        let follow = |source| SandboxError::Follow { source };
        let handle = root.handle.as_ref().map(OwnedFd::try_clone).transpose().map_err(follow)?;
        let handle = handle.ok_or_else(silent)?;
        rustix::io::ioctl_fionbio(&handle, true).unwrap_or_default();
        let handle = watch(handle).map_err(follow)?;
        let (words, ended) = (std::sync::Mutex::new(words), tokio::sync::OnceCell::new());
        Ok(Self { handle, root, words, missing, mark, walled, ended })
    }

    /// Waits for the end of everything, once.
    async fn over(&self) -> Result<End, SandboxError> {
        let follow = |source| SandboxError::Follow { source };
        self.handle.readable().await.map_err(follow)?.retain_ready();
        if !self.walled {
            // Nobody else ends what the command left behind.
            self.kill();
            process::kill_tree(self.root.pid, &self.mark).await;
        }
        let word = {
            let mut words = self.words.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            hear(&mut *words).map_err(follow)?
        };
        let finish = match word {
            Some(Word::Ended(finish)) => Some(finish),
            Some(Word::Started(_) | Word::Tried(_) | Word::Failed(_)) | None => None,
        };
        let starved = self.root.group.as_ref().is_some_and(Group::was_out_of_memory);
        Ok(end(finish, starved))
    }
}

fn end(finish: Option<Finish>, starved: bool) -> End {
    let Some(finish) = finish else {
        let fate = if starved { Fate::OutOfMemory } else { Fate::Killed };
        return End { fate, usage: Usage::default() };
    };
    let fate = match finish.how {
        How::OutOfMemory => Fate::OutOfMemory,
        How::TooManyProcesses => Fate::TooManyProcesses,
        How::Signalled(libc::SIGKILL) if starved => Fate::OutOfMemory,
        How::Exited(code) => Fate::Exited(code),
        How::Signalled(signal) => Fate::Signalled(signal),
    };
    let usage = Usage {
        user_micros: finish.user_micros,
        system_micros: finish.system_micros,
        max_rss_bytes: finish.max_rss_bytes,
        ..Usage::default()
    };
    End { fate, usage }
}

#[async_trait::async_trait]
impl Confined for Running {
    fn terminate(&self) {
        if let Some(life) = &self.root.life {
            let _gone = rustix::io::write(life, b"t");
        }
    }

    fn kill(&self) {
        if let Some(handle) = &self.root.handle {
            let _gone = pidfd_send_signal(handle, Signal::KILL);
        }
        if let Some(group) = &self.root.group {
            group.kill();
        }
    }

    async fn end(&self) -> Result<End, SandboxError> {
        self.ended.get_or_try_init(|| self.over()).await.copied()
    }

    fn missing(&self) -> &Missing {
        &self.missing
    }
}
