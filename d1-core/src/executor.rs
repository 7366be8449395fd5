//! The [`Executor`] port: carry out actions on one machine.

use crate::{
    Baseline, Change, Digest, Facts, IsolationReport, Manifest, Outcome, Output, Preview,
    ProbeAnswer, Problem, Proposal, Query, Resource, Step, Stop, TaskCommand, TaskId, Usage,
};
use std::{fmt, time::Duration};
use tokio::sync::mpsc;

/// One step to carry out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its task.
    pub task: TaskId,
    /// Which attempt.
    pub attempt: u32,
    /// What is to be done.
    pub step: Step,
    /// How things were before, from [`Executor::prepare`].
    pub baseline: Baseline,
    /// Between a polite request to end and the end.
    pub grace: Duration,
    /// Resources that other receipts still need; a revert keeps them.
    pub needed_elsewhere: Vec<Resource>,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How.
    pub outcome: Outcome,
    /// The exit code of its command, when there was one and it exited by itself.
    pub exit_code: Option<i32>,
    /// What it wrote to standard output: lossy, at most [`TaskResult::MAX_TEXT`](crate::TaskResult::MAX_TEXT) bytes.
    pub stdout: String,
    /// What it wrote to standard error, likewise.
    pub stderr: String,
    /// The digest of the digests of all it wrote to standard output and to standard error.
    pub output_digest: Digest,
    /// Bytes of output that were not kept.
    pub dropped_bytes: u64,
    /// How long it took.
    pub duration: Duration,
    /// What it used.
    pub usage: Usage,
    /// What is different now.
    pub changes: Vec<Change>,
    /// What it needs and found there.
    pub relies_on: Vec<Resource>,
    /// Whether it may have changed more than can be told.
    pub opaque: bool,
    /// What it was asked to take back and left, with reasons.
    pub kept: Vec<String>,
    /// What it brought that gives rights to others, or that runs by itself.
    pub manifest: Manifest,
    /// Which protection was in force.
    pub isolation: IsolationReport,
    /// What names exactly what its command was granted; none when it ran no command.
    pub grant: Option<Digest>,
    /// Why it did not succeed.
    pub problem: Option<Problem>,
}

impl Job {
    /// The first attempt at a step, with the usual grace and nobody else on the machine.
    #[must_use]
    pub fn new(task: TaskId, step: Step, baseline: Baseline) -> Self {
        let grace = TaskCommand::DEFAULT_GRACE;
        Self { task, attempt: 1, step, baseline, grace, needed_elsewhere: Vec::new() }
    }
}

impl Ended {
    /// The end of a job that ran no command and changed nothing.
    #[must_use]
    pub fn quietly(outcome: Outcome) -> Self {
        Self {
            outcome,
            exit_code: None,
            stdout: String::new(),
            stderr: String::new(),
            output_digest: Digest::of(b""),
            dropped_bytes: 0,
            duration: Duration::ZERO,
            usage: Usage::default(),
            changes: Vec::new(),
            relies_on: Vec::new(),
            opaque: false,
            kept: Vec::new(),
            manifest: Manifest::default(),
            isolation: IsolationReport::none(),
            grant: None,
            problem: None,
        }
    }

    /// The same, with the reason it did not succeed.
    #[must_use]
    pub fn because(self, problem: Problem) -> Self {
        Self { problem: Some(problem), ..self }
    }
}

/// What a probe found of a job that was cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// What became of it.
    pub answer: ProbeAnswer,
    /// What is different from the baseline.
    pub changes: Vec<Change>,
}

/// Why a machine could not even try.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecutorError {
    /// The action is not for this machine, or not allowed here.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// The machine itself is in trouble.
    #[error("could not {doing} on this machine")]
    Machine {
        /// What was being done.
        doing: &'static str,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Carries out actions on one machine.
#[async_trait::async_trait]
pub trait Executor: fmt::Debug + Send + Sync {
    /// Describes the machine and answers `queries`. Changes nothing; never asks the network.
    ///
    /// Every query is answered, if only with [`Answer::Unknown`](crate::Answer::Unknown).
    async fn facts(&self, queries: &[Query]) -> Result<Facts, ExecutorError>;

    /// Checks whether the action's goal is reached, and simulates what it would change.
    /// Changes nothing. What would be refused later is refused here, by
    /// [`Preview::blocked`].
    async fn preview(&self, what: &Proposal) -> Result<Preview, ExecutorError>;

    /// Records how everything is that the action may change. Changes nothing.
    ///
    /// The caller writes the answer down before [`Executor::run`], so that the
    /// receipt can be written even if this process does not live to see the end.
    /// For a file that may be replaced or removed, the original is saved, durably,
    /// before this returns.
    async fn prepare(&self, task: TaskId, what: &Proposal) -> Result<Baseline, ExecutorError>;

    /// Applies the action and verifies it.
    ///
    /// - What is already so ends as [`Outcome::NoChange`] and touches nothing.
    /// - A command that ran and failed is `Ok`, with an outcome; `Err` means nothing ran.
    /// - Output is sent as it comes; a slow reader slows the command, a reader that
    ///   is gone does not stop it.
    /// - When `stop` fires, or the step's timeout passes, the whole process tree is
    ///   gone before this returns. A step that is not interruptible is not stopped
    ///   by [`StopMode::Now`](crate::StopMode::Now), only by its timeout or
    ///   [`StopMode::Kill`](crate::StopMode::Kill).
    /// - `changes` is what really changed, whatever the outcome.
    async fn run(
        &self,
        job: &Job,
        output: &mpsc::Sender<Output>,
        stop: &Stop,
    ) -> Result<Ended, ExecutorError>;

    /// Finds out what became of a job whose process died, against its baseline.
    ///
    /// First waits until nothing of the old attempt runs any more, for at most the
    /// step's timeout. Changes nothing. Answers
    /// [`ProbeAnswer::NotDone`] only when a second start cannot do anything twice.
    async fn probe(
        &self,
        job: &Job,
        output: &mpsc::Sender<Output>,
    ) -> Result<Probed, ExecutorError>;
}
