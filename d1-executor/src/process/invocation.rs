//! What to run and how it ended.

use d1_core::{Digest, Usage};
use std::{collections::BTreeMap, io, path::PathBuf, time::Duration};

/// One program to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The program and its arguments; never a shell line.
    pub argv: Vec<String>,
    /// Where it starts; our own directory when not said.
    pub cwd: Option<PathBuf>,
    /// Its environment, all of it; the program is looked up on its `PATH`.
    pub env: BTreeMap<String, String>,
    /// How long it may run.
    pub timeout: Duration,
    /// Between a polite request to end and the end.
    pub grace: Duration,
    /// Whether a polite request to stop ends it; its timeout and a kill always do.
    pub interruptible: bool,
    /// Where its words go.
    pub capture: Capture,
    /// What becomes of processes it leaves behind after a good end.
    pub leftovers: Leftovers,
    /// Put into its environment as `D1_TASK`, by which its whole tree is known.
    pub marker: String,
}

/// Where a program's words go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capture {
    /// Through pipes. A program that outlives us would be killed by its next word.
    Piped,
    /// Into two files, `<name>.out` and `<name>.err`, so that it can outlive us.
    Spooled {
        /// In this folder.
        folder: PathBuf,
        /// Under this name.
        name: String,
    },
}

/// What becomes of processes that are left behind after a program ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leftovers {
    /// They are killed.
    Kill,
    /// They stay: a service that was started has to go on.
    Leave,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By itself, with this code.
    Exited(i32),
    /// By a signal that was not ours.
    Signalled(i32),
    /// It ran past its time.
    TimedOut,
    /// It was asked to stop.
    Cancelled,
    /// It was killed.
    Killed,
    /// Its processes had more memory than they may.
    OutOfMemory,
    /// It had more processes than it may.
    TooManyProcesses,
    /// One of its processes had more processor time than it may.
    CpuTime,
    /// It wrote a larger file than it may, and was ended for it. A program that another one of
    /// it ended so is told of by that one, in its own way.
    FileSize,
    /// It left less room on a disk than the machine needs to go on.
    DiskFull,
    /// It printed more than it may.
    OutputLimit,
}

/// A program that has run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How it ended.
    pub how: How,
    /// How long it ran.
    pub duration: Duration,
    /// Standard output as text: lossy, head and tail.
    pub stdout: String,
    /// Standard error as text: lossy, head and tail.
    pub stderr: String,
    /// The digest of the digests of all it wrote to standard output and to standard error.
    pub digest: Digest,
    /// Bytes that were not passed on.
    pub dropped: u64,
    /// What it used.
    pub usage: Usage,
}

/// Why a program did not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// There is nothing to run.
    #[error("there is no program to run; the command is empty")]
    Empty,
    /// It is not on the search path.
    #[error("there is no program `{program}` on this machine; install it, or check its spelling")]
    NotFound {
        /// Which program.
        program: String,
    },
    /// The directory it should start in is not one.
    #[error("`{cwd}` is not a directory it could start in", cwd = cwd.display())]
    Directory {
        /// Which one.
        cwd: PathBuf,
    },
    /// The system would not start it.
    #[error("could not start `{program}`")]
    Spawn {
        /// Which program.
        program: String,
        /// Why not.
        source: io::Error,
    },
    /// It runs, or ran, and cannot be followed.
    #[error("lost track of `{program}`")]
    Follow {
        /// Which program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// Processes of it survived everything.
    #[error(
        "processes {pids:?} of `{program}` cannot be killed; the system may be stuck on a disk or network"
    )]
    Survivors {
        /// Whose.
        program: String,
        /// Which.
        pids: Vec<i32>,
    },
}
