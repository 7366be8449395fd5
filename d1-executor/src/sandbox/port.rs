//! The [`SandboxBackend`] port: a grant in, a confined child out.

use super::{
    grant::{Demand, Given, Grant, Profile},
    wall::{Missing, Wall},
};
use d1_core::{NetworkUse, Usage};
use serde::{Deserialize, Serialize};
use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// Where a command's words go: the open file that becomes one of its streams.
#[cfg(unix)]
pub type Sink<'a> = std::os::fd::BorrowedFd<'a>;
/// Where a command's words go: the open file that becomes one of its streams.
#[cfg(windows)]
pub type Sink<'a> = std::os::windows::io::BorrowedHandle<'a>;

/// Why a command does not run confined.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// There is none for this system.
    #[error(
        "there is no sandbox for this system: it is made for Linux on x86-64 with the GNU C library; nothing was run"
    )]
    NoBackend,
    /// A wall is missing, and the grant requires all of them.
    #[error("the sandbox has no {wall} here: {why}; nothing was run", wall = wall.name())]
    Missing {
        /// Which wall.
        wall: Wall,
        /// Why it is not there.
        why: String,
    },
    /// It could not be set up.
    #[error("the sandbox cannot {doing}: {why}; nothing was run")]
    SetUp {
        /// What was being done.
        doing: String,
        /// Why it failed.
        why: String,
    },
    /// A path that no grant may name.
    #[error("`{path}` cannot be given to a command: {why}", path = path.display())]
    Path {
        /// Which path.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// Words that no program can receive as they are.
    #[error("{what} cannot be handed to a command: {why}; nothing was run")]
    Handed {
        /// Which.
        what: String,
        /// Why not.
        why: String,
    },
    /// The script is not the one that was agreed on.
    #[error("`{path}` is not what was agreed on; look at it, and say yes again", path = path.display())]
    Changed {
        /// Which script.
        path: PathBuf,
    },
    /// The program is not there, as seen from inside.
    #[error(
        "there is no program `{program}` inside the sandbox; give the command its folder to read, or check its spelling"
    )]
    NotFound {
        /// Which program.
        program: String,
    },
    /// The directory it should start in is not there, as seen from inside.
    #[error("`{cwd}` is not a directory inside the sandbox; give it to the command, or start elsewhere", cwd = cwd.display())]
    Directory {
        /// Which one.
        cwd: PathBuf,
    },
    /// The system would not start the program.
    #[error("could not start `{program}` in the sandbox")]
    Start {
        /// Which program.
        program: String,
        /// Why not.
        source: io::Error,
    },
    /// It ran, and was lost sight of.
    #[error("lost track of the sandbox")]
    Follow {
        /// Why.
        source: io::Error,
    },
}

/// How a confined command came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
    /// Its processes had more memory than they may.
    OutOfMemory,
    /// It had more processes than it may.
    TooManyProcesses,
    /// One of its processes had more processor time than it may.
    CpuTime,
    /// It wrote a larger file than it may.
    FileSize,
    /// It left less room on a disk than the machine needs to go on.
    DiskFull,
    /// From outside, before it had an end of its own.
    Killed,
}

/// The end of a confined command, told when nothing of it lives any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// How.
    pub fate: Fate,
    /// What it used.
    pub usage: Usage,
}

/// What a command that does nothing any more seems to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitsFor {
    /// Somebody at a terminal.
    Terminal,
    /// A pipe that nobody writes to.
    Pipe,
    /// It cannot be seen. Whether it waits for an answer is for its last words to say.
    Unknown,
}

/// A command that does nothing any more, and seems to wait for somebody outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// What the program that waits calls itself.
    pub program: String,
    /// What for.
    pub on: WaitsFor,
}

/// A command that runs behind the walls.
///
/// Dropping it kills the command and everything it started.
#[async_trait::async_trait]
pub trait Confined: fmt::Debug + Send + Sync {
    /// Asks all its processes to end.
    fn terminate(&self);
    /// Ends all its processes, whatever they do about it.
    fn kill(&self);
    /// Waits until the command has done nothing for some seconds and seems to wait for what
    /// nobody will give it; again whenever it has gone on since. Where that cannot be seen, for
    /// ever. May be dropped at any time; nothing is lost.
    async fn waiting(&self) -> Waiting {
        std::future::pending().await
    }
    /// Waits until no process of it lives any more.
    async fn end(&self) -> Result<End, SandboxError>;
    /// The walls that are not up around it.
    fn missing(&self) -> &Missing;
    /// What it did on the network so far; complete when it has ended.
    fn network(&self) -> NetworkUse {
        NetworkUse::default()
    }
}

/// Runs commands behind walls.
///
/// - What a grant does not give is not there, or refused by the kernel.
/// - With [`Demand::Required`](super::Demand::Required) nothing runs unless every essential wall
///   is up and was proven from inside; with [`Demand::BestEffort`](super::Demand::BestEffort) the
///   child tells truthfully which are missing.
/// - An error means that nothing of the command ran.
pub trait SandboxBackend: fmt::Debug + Send + Sync {
    /// Which walls cannot be put up on this machine, tried from inside.
    fn missing(&self) -> Result<Missing, SandboxError>;

    /// Whether a command of this profile with this demand would start; an error is why not, as
    /// [`SandboxBackend::start`] would tell it.
    fn would_start(&self, profile: Profile, demand: Demand) -> Result<(), SandboxError>;

    /// What the command of `grant` has of `path`, by the mounts alone: the same that its file
    /// view is made from, so that what it was refused can be explained.
    fn given(&self, grant: &Grant, path: &Path) -> Result<Given, SandboxError>;

    /// Starts the command of `grant`; its words go to `stdout` and `stderr`. Waits until it
    /// has started, some milliseconds.
    fn start(
        &self,
        grant: &Grant,
        stdout: Sink<'_>,
        stderr: Sink<'_>,
    ) -> Result<Box<dyn Confined>, SandboxError>;
}

/// Both ends of a pipe: the reading one, the writing one.
#[cfg(target_os = "linux")]
pub(crate) fn pipe() -> io::Result<(std::os::fd::OwnedFd, std::os::fd::OwnedFd)> {
    let (read, write) = io::pipe()?;
    Ok((read.into(), write.into()))
}
