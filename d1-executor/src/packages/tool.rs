//! Running a package manager's programs: short ones to look, long ones to work.

use crate::sandbox::Egress;
use d1_core::{Ended, ExecutorError, HostName, Output, Stop};
use std::{
    collections::BTreeMap,
    fmt, io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::sync::mpsc;

/// A program, its arguments, and its whole environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Its environment, all of it.
    pub env: BTreeMap<String, String>,
    /// Where a short command runs; where we do when not said.
    pub cwd: Option<PathBuf>,
    /// Where a command that works writes beyond the system's own folders.
    pub writes: Vec<PathBuf>,
    /// Where it reads beyond them.
    pub reads: Vec<PathBuf>,
    /// What of the network a command that works is given, where it is behind walls.
    pub network: Egress,
    /// Words that its program gets there beside its own, right after its name.
    pub behind_walls: Vec<String>,
}

impl Command {
    /// A command of these words.
    pub fn new(
        words: impl IntoIterator<Item = impl Into<String>>,
        env: BTreeMap<String, String>,
    ) -> Self {
        Self {
            argv: words.into_iter().map(Into::into).collect(),
            env,
            cwd: None,
            writes: Vec::new(),
            reads: Vec::new(),
            network: Egress::none(),
            behind_walls: Vec::new(),
        }
    }

    /// The same, run in this folder.
    #[must_use]
    pub fn in_folder(self, folder: &Path) -> Self {
        Self { cwd: Some(folder.to_path_buf()), ..self }
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &str {
        self.argv.first().map_or("", String::as_str)
    }
}

/// What a short command wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output, lossy.
    pub stdout: String,
    /// Its standard error, lossy.
    pub stderr: String,
}

impl Captured {
    /// Whether it said that all is well.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.code == Some(0)
    }

    /// Everything it wrote.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}

/// Why a command told us nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolError {
    /// It could not be started, or not be followed.
    #[error("could not run `{program}`")]
    Run {
        /// Which program.
        program: String,
        /// What went wrong.
        source: io::Error,
    },
    /// It did not end in its time, and was stopped.
    #[error("`{program}` did not answer within {after:?}; is the machine very busy?")]
    TimedOut {
        /// Which program.
        program: String,
        /// How long it had.
        after: Duration,
    },
    /// It said that it cannot.
    #[error("`{program}` could not answer: {said}")]
    Refused {
        /// Which program.
        program: String,
        /// Its last words.
        said: String,
    },
    /// It wrote more than any such command does.
    #[error("`{program}` wrote more than {max} bytes; it was stopped")]
    TooMuch {
        /// Which program.
        program: String,
        /// The bound.
        max: usize,
    },
}

impl From<ToolError> for ExecutorError {
    fn from(error: ToolError) -> Self {
        Self::Machine { doing: "use the package manager", source: Box::new(error) }
    }
}

/// The circumstances of one long command.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Where its output goes, as it comes.
    pub output: &'a mpsc::Sender<Output>,
    /// Fires when it should end.
    pub stop: &'a Stop,
    /// Whether it may be stopped in the middle without harm.
    pub interruptible: bool,
    /// How long it may take.
    pub timeout: Duration,
    /// Between a polite request to end and the end.
    pub grace: Duration,
    /// The folder for output that must survive us.
    pub spool: &'a Path,
    /// A name for this attempt in that folder.
    pub name: &'a str,
    /// The hosts it may call beside those that the manager is configured with.
    pub hosts: &'a [HostName],
}

impl<'a> Run<'a> {
    /// The name of the `n`th command of this attempt, counted from zero: each has a
    /// spool of its own.
    pub(crate) fn name_of(&self, n: usize) -> String {
        if n == 0 { self.name.to_owned() } else { format!("{}+{n}", self.name) }
    }

    /// Whether a spool of this name belongs to this attempt.
    pub(crate) fn is_its_spool(&self, spool: &str) -> bool {
        let rest = spool.strip_prefix(self.name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('+'))
    }

    /// The same attempt, with another name for its spool and the time that is left.
    pub(crate) fn continued(&self, name: &'a str, started: tokio::time::Instant) -> Self {
        Self { name, timeout: self.timeout.saturating_sub(started.elapsed()), ..*self }
    }

    /// Says something ourselves. A reader that is gone is no reason to stop.
    pub(crate) async fn note(&self, text: impl Into<String>) {
        let _gone = self.output.send(Output::note(text)).await;
    }
}

/// Runs programs on the machine.
#[async_trait::async_trait]
pub trait Tool: fmt::Debug + Send + Sync {
    /// Runs a short command that only looks, and gives back all it wrote. Its exit
    /// code is for the caller to judge; `Err` means that it told us nothing.
    async fn capture(&self, command: &Command, timeout: Duration) -> Result<Captured, ToolError>;

    /// Runs a command that works: its output is sent as it comes, and the whole
    /// process tree is gone when this returns. The end has no changes in it yet.
    async fn stream(&self, command: &Command, run: &Run<'_>) -> Result<Ended, ToolError>;

    /// Whether a command that an earlier process of ours started under the same
    /// spool folder and name still runs.
    async fn still_runs(&self, run: &Run<'_>) -> bool;
}
