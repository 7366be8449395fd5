//! Commands behind Seatbelt: `sandbox-exec`, in a session and with a temporary folder of their own.

use super::profile::profile;
use crate::sandbox::{
    Reaped, Spawn, Status,
    grant::{Demand, Given, Grant, Profile},
    places::{Surroundings, view},
    port::{Confined, End, Fate, SandboxBackend, SandboxError},
    reap, spawn,
    wall::{Missing, Wall},
};
use d1_core::Usage;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::{
    ffi::CString,
    fs, io,
    os::{
        fd::BorrowedFd,
        unix::{ffi::OsStrExt as _, fs::DirBuilderExt as _},
    },
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

/// Part of every macOS.
const PROGRAM: &str = "/usr/bin/sandbox-exec";
/// Why a wall is not there, for each that Seatbelt has no like of.
const NOT_HERE: [(Wall, &str); 12] = [
    (Wall::Processes, "it sees others, and what leaves its session outlives it"),
    (Wall::Mounts, "this system has none"),
    (Wall::Ipc, "this system has none"),
    (Wall::HostName, "this system has none"),
    (Wall::Groups, "this system has none"),
    (Wall::View, "which files there are can be found out, not what is in them"),
    (Wall::TaskUser, "it runs as the user who started it"),
    (Wall::Capabilities, "this system has none"),
    (Wall::Landlock, "this system has none; Seatbelt checks each path"),
    (Wall::Seccomp, "this system has none"),
    (Wall::Limits, "only its time and its output are bounded"),
    (Wall::ControlGroup, "this system has none"),
];

/// Runs commands behind Seatbelt.
#[derive(Debug)]
pub struct SeatbeltSandbox {
    around: Surroundings,
}

impl SeatbeltSandbox {
    /// The sandbox for commands that work in this home.
    #[must_use]
    pub fn new(around: Surroundings) -> Self {
        Self { around }
    }
}

impl SandboxBackend for SeatbeltSandbox {
    fn missing(&self) -> Result<Missing, SandboxError> {
        if !Path::new(PROGRAM).exists() {
            let why = format!("there is no {PROGRAM}");
            return Err(SandboxError::SetUp { doing: "find Seatbelt".into(), why });
        }
        Ok(NOT_HERE.iter().map(|(wall, why)| (*wall, (*why).to_owned())).collect())
    }

    fn would_start(&self, profile: Profile, demand: Demand) -> Result<(), SandboxError> {
        if profile == Profile::Packages {
            let why = "the package managers of this system are not tried behind walls".to_owned();
            return Err(SandboxError::SetUp { doing: "run a package manager".into(), why });
        }
        if profile.is_unconfined() {
            let why = "it is made for Linux".to_owned();
            return Err(SandboxError::SetUp { doing: "run a command without walls".into(), why });
        }
        let missing = self.missing()?;
        match (demand, missing.into_iter().find(|(wall, _why)| wall.is_essential())) {
            (Demand::Required, Some((wall, why))) => Err(SandboxError::Missing { wall, why }),
            (Demand::Required | Demand::BestEffort, _) => Ok(()),
        }
    }

    fn given(&self, grant: &Grant, path: &Path) -> Result<Given, SandboxError> {
        Ok(view(grant, &self.around)?.given(path))
    }

    fn start(
        &self,
        grant: &Grant,
        stdout: BorrowedFd<'_>,
        stderr: BorrowedFd<'_>,
    ) -> Result<Box<dyn Confined>, SandboxError> {
        let view = view(grant, &self.around)?;
        self.would_start(grant.profile, grant.demand)?;
        let name = grant.argv.program().to_owned();
        if !grant.network.hosts.is_empty() {
            let why = "it has no network for a command here; grant it no host".to_owned();
            return Err(SandboxError::SetUp { doing: "let a command call hosts".into(), why });
        }
        if grant.script.is_some() {
            let why = "a script cannot be kept as it was agreed on here".to_owned();
            return Err(SandboxError::SetUp { doing: "start a script".into(), why });
        }
        let program = find(&name, grant.env.get("PATH").map_or("", String::as_str))
            .ok_or_else(|| SandboxError::NotFound { program: name.clone() })?;
        if !grant.cwd.is_dir() {
            return Err(SandboxError::Directory { cwd: grant.cwd.clone() });
        }
        let scratch = Scratch::make().map_err(|error| SandboxError::SetUp {
            doing: "make a temporary folder".into(),
            why: error.to_string(),
        })?;
        let rules = profile(&view, &scratch.0).map_err(|path| SandboxError::Path {
            path: path.to_path_buf(),
            why: "Seatbelt has no word for its name; rename it".into(),
        })?;
        let failed = |source| SandboxError::Start { program: name.clone(), source };
        let pid = start(grant, &program, &rules, &scratch.0, stdout, stderr).map_err(failed)?;
        let leader = Pid::from_raw(pid).ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
        Ok(Box::new(Running {
            leader,
            alive: Arc::new(Mutex::new(true)),
            missing: self.missing()?,
            ended: tokio::sync::OnceCell::new(),
            _scratch: scratch,
        }))
    }
}

fn start(
    grant: &Grant,
    program: &Path,
    rules: &str,
    scratch: &Path,
    stdout: BorrowedFd<'_>,
    stderr: BorrowedFd<'_>,
) -> io::Result<i32> {
    let text = |bytes: &[u8]| CString::new(bytes).map_err(io::Error::from);
    let words = [PROGRAM.as_bytes(), b"-p", rules.as_bytes(), program.as_os_str().as_bytes()];
    let rest = grant.argv.words().iter().skip(1).map(|word| word.as_bytes());
    let argv = words.into_iter().chain(rest).map(text).collect::<io::Result<Vec<_>>>()?;
    let own = ("TMPDIR".to_owned(), scratch.display().to_string());
    let mut env = grant.env.clone();
    env.extend([own]);
    let env = env.iter().map(|(name, value)| text(format!("{name}={value}").as_bytes()));
    let env = env.collect::<io::Result<Vec<_>>>()?;
    let cwd = text(grant.cwd.as_os_str().as_bytes())?;
    let file = text(PROGRAM.as_bytes())?;
    let cwd = Some(cwd.as_c_str());
    spawn(&Spawn { program: &file, argv: &argv, env: &env, cwd, stdout, stderr })
}

/// The file that would be executed.
fn find(program: &str, path: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|path| path.exists());
    }
    std::env::split_paths(path).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// A temporary folder, gone with this.
#[derive(Debug)]
struct Scratch(PathBuf);

impl Scratch {
    fn make() -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("d1-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        // Seatbelt wants the real name, and `/tmp` is a link here.
        let path = std::env::temp_dir().canonicalize()?.join(name);
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.0);
    }
}

/// A command that runs; its session has the number of its first process.
#[derive(Debug)]
struct Running {
    leader: Pid,
    /// Until it was reaped; after that its number may be somebody else's.
    alive: Arc<Mutex<bool>>,
    missing: Missing,
    ended: tokio::sync::OnceCell<End>,
    _scratch: Scratch,
}

impl Running {
    fn signal(&self, signal: Signal) {
        if *self.alive.lock().unwrap_or_else(PoisonError::into_inner) {
            let _gone = kill_process_group(self.leader, signal);
        }
    }

    async fn over(&self) -> Result<End, SandboxError> {
        let follow = |source: io::Error| SandboxError::Follow { source };
        let (leader, alive) = (self.leader, Arc::clone(&self.alive));
        let wait = move || {
            // It stays a zombie, so that its number is nobody else's while its group is ended.
            waitid(WaitId::Pid(leader), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)?;
            let mut alive = alive.lock().unwrap_or_else(PoisonError::into_inner);
            let _gone = kill_process_group(leader, Signal::KILL);
            *alive = false;
            reap(leader.as_raw_nonzero().get())
        };
        let reaped = tokio::task::spawn_blocking(wait).await;
        let reaped = reaped.unwrap_or_else(|died| Err(io::Error::other(died))).map_err(follow)?;
        Ok(end(reaped))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        if *self.alive.lock().unwrap_or_else(PoisonError::into_inner) {
            let _reaped = reap(self.leader.as_raw_nonzero().get());
        }
    }
}

fn end(Reaped { status, usage }: Reaped) -> End {
    let fate = match status {
        Status::Exited(code) => Fate::Exited(code),
        Status::Signalled(signal) => Fate::Signalled(signal),
    };
    // This system counts memory in bytes, not in kilobytes (`getrusage(2)`).
    let usage = Usage { max_rss_bytes: usage.max_rss_bytes / 1024, ..usage };
    End { fate, usage }
}

#[async_trait::async_trait]
impl Confined for Running {
    fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    fn kill(&self) {
        self.signal(Signal::KILL);
    }

    async fn end(&self) -> Result<End, SandboxError> {
        self.ended.get_or_try_init(|| self.over()).await.copied()
    }

    fn missing(&self) -> &Missing {
        &self.missing
    }
}
