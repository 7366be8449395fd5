//! Work on the machine: one change after the other, each whole, until it is done, fails, or
//! is stopped.

use super::{MemoryMachine, Program, goal::Goal, program::Ending, trouble, voice::Voice};
use crate::{
    Action, Category, Change, Effect, Ended, ExecutorError, Job, Outcome, Output, Problem, Stop,
    Stream,
};
use std::time::Duration;
use tokio::{sync::mpsc, time::Instant};

/// One job and what may end it.
pub(super) struct Work<'a> {
    pub(super) machine: &'a MemoryMachine,
    pub(super) job: &'a Job,
    pub(super) stop: &'a Stop,
    pub(super) began: Instant,
    pub(super) voice: Voice<'a>,
}

impl<'a> Work<'a> {
    pub(super) fn begin(
        machine: &'a MemoryMachine,
        job: &'a Job,
        output: &'a mpsc::Sender<Output>,
        stop: &'a Stop,
    ) -> Self {
        Self { machine, job, stop, began: Instant::now(), voice: Voice::new(output) }
    }

    /// Reaches the goals in order.
    pub(super) async fn reach(mut self, goals: Vec<Goal>) -> Ended {
        let (mut changes, mut relies_on, mut end) = (Vec::new(), Vec::new(), None);
        for goal in goals {
            if goal.is_reached(&self.machine.world()) {
                relies_on.push(goal.resource);
                continue;
            }
            let pace = self.machine.world().pace;
            end = self.unless_ended(pace, None).await;
            if end.is_some() {
                break;
            }
            let brought = self.bring(&goal, &mut changes);
            let line = match &brought {
                Ok(()) => format!("{}: done\n", goal.resource),
                Err(problem) => format!("{}: {}\n", goal.resource, problem.title),
            };
            end = self.unless_ended(Duration::ZERO, Some((Stream::Stdout, line.as_bytes()))).await;
            end = brought.err().map(|problem| (Outcome::Failed, problem)).or(end);
            if end.is_some() {
                break;
            }
        }
        let ended = match end {
            Some((outcome, problem)) => Ended::quietly(outcome).because(problem),
            None if changes.is_empty() => Ended::quietly(Outcome::NoChange),
            None => Ended::quietly(Outcome::Succeeded),
        };
        self.close(Ended { changes, relies_on, ..ended })
    }

    fn bring(&self, goal: &Goal, changes: &mut Vec<Change>) -> Result<(), Problem> {
        let mut world = self.machine.world();
        let before = world.look(&goal.resource);
        let brought = world.bring(goal);
        let after = world.look(&goal.resource);
        if after != before {
            changes.push(Change { resource: goal.resource.clone(), before, after });
        }
        brought
    }

    /// Runs a program to its end.
    pub(super) async fn run(mut self, program: Program) -> Ended {
        let mut end = None;
        for said in &program.output {
            end = self.unless_ended(Duration::ZERO, Some((said.stream, &said.bytes))).await;
            if end.is_some() {
                break;
            }
        }
        if end.is_none() {
            end = self.unless_ended(program.takes, None).await;
        }
        let opaque = self.job.step.effect != Effect::Read;
        let ended = match (end, program.ending) {
            (Some((outcome, problem)), _) => Ended::quietly(outcome).because(problem),
            (None, Ending::Exits(0)) => {
                Ended { exit_code: Some(0), ..Ended::quietly(Outcome::Succeeded) }
            }
            (None, Ending::Exits(code)) => {
                let problem = failed(self.job, code);
                let ended = Ended::quietly(Outcome::Failed).because(problem);
                Ended { exit_code: Some(code), ..ended }
            }
            (None, Ending::Never) => {
                let (outcome, problem) = self.ending().await;
                Ended::quietly(outcome).because(problem)
            }
        };
        self.close(Ended { opaque, ..ended })
    }

    /// Makes the index fresh.
    pub(super) async fn refresh(mut self, manager: crate::Manager) -> Ended {
        if self.machine.is_fresh(manager) {
            return self.close(Ended::quietly(Outcome::NoChange));
        }
        let pace = self.machine.world().pace;
        let line = format!("{manager}: the index is fresh\n");
        let word = Some((Stream::Stdout, line.as_bytes()));
        if let Some((outcome, problem)) = self.unless_ended(pace, word).await {
            return self.close(Ended::quietly(outcome).because(problem));
        }
        self.machine.freshen(manager);
        self.close(Ended::quietly(Outcome::Succeeded))
    }

    /// Waits and speaks; tells how the job has ended when it is stopped or its time is over
    /// meanwhile.
    async fn unless_ended(
        &mut self,
        wait: Duration,
        word: Option<(Stream, &[u8])>,
    ) -> Option<(Outcome, Problem)> {
        let ending = ending(self.job, self.stop, self.began);
        let voice = &mut self.voice;
        let goes_on = async {
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            if let Some((stream, bytes)) = word {
                voice.say(stream, bytes).await;
            }
        };
        tokio::select! {
            biased;
            end = ending => Some(end),
            () = goes_on => None,
        }
    }

    async fn ending(&self) -> (Outcome, Problem) {
        ending(self.job, self.stop, self.began).await
    }

    fn close(self, ended: Ended) -> Ended {
        let duration = self.began.elapsed();
        self.voice.close(Ended { duration, ..ended })
    }
}

/// Comes when the job is stopped or its time is over.
async fn ending(job: &Job, stop: &Stop, began: Instant) -> (Outcome, Problem) {
    let (timeout, title) = (job.step.timeout, &job.step.title);
    let now = async {
        match job.step.interruptible {
            true => stop.now().cancelled().await,
            false => std::future::pending().await,
        }
    };
    let stopped = || Problem::new("D1-EXEC-005", Category::Task, format!("`{title}` was stopped"));
    tokio::select! {
        biased;
        () = stop.kill().cancelled() => (Outcome::Killed, stopped()),
        () = now => (Outcome::Cancelled, stopped()),
        () = tokio::time::sleep_until(began + timeout) => {
            let title = format!("`{title}` took longer than {timeout:?}");
            (Outcome::TimedOut, Problem::new("D1-EXEC-004", Category::Timeout, title))
        }
    }
}

fn failed(job: &Job, code: i32) -> Problem {
    let title = format!("`{}` ended with exit code {code}", job.step.title);
    Problem::new("D1-EXEC-001", Category::Task, title)
        .leaving("what it changed before it ended is not known")
}

/// The program that an action runs, when it runs one.
pub(super) fn program_of(
    machine: &MemoryMachine,
    action: &Action,
) -> Result<Option<Program>, ExecutorError> {
    let world = machine.world();
    let (line, name) = match action {
        Action::Exec(exec) => (exec.argv.to_string(), exec.argv.program().to_owned()),
        Action::Shell(_) if !world.shell_allowed => {
            return Err(trouble::refused(trouble::shell_denied()));
        }
        Action::Shell(shell) => (shell.script.clone(), String::new()),
        Action::Packages(_)
        | Action::RefreshIndex(_)
        | Action::Service(_)
        | Action::GroupMember(_)
        | Action::File(_)
        | Action::Revert(_) => return Ok(None),
    };
    let found = world.program(&line, &name);
    let shown = if name.is_empty() { line } else { name };
    found.map(Some).ok_or_else(|| trouble::refused(trouble::no_program(&shown)))
}
