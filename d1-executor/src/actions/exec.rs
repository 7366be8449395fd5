//! Programs and scripts: run exactly as told, confined by nothing yet, and never undone.

use super::trouble;
use crate::{
    facts::Host,
    process::{self, Capture, How, Invocation, Leftovers, ProcessError, Report},
};
use d1_core::{Category, Effect, Ended, Exec, ExecutorError, Job, Outcome, Output, Problem, Stop};
use std::{collections::BTreeMap, path::PathBuf};
use tokio::sync::mpsc;

/// Variables that would let a plan slip other code into a program; they are refused.
const REFUSED: [&str; 8] =
    ["LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "BASH_ENV", "ENV", "IFS", "PATH", "D1_TASK"];
/// How many of a failed program's last lines are told as the cause.
const LAST_LINES: usize = 20;

/// A program that is about to run.
pub(crate) struct Program {
    pub(crate) argv: Vec<String>,
    pub(crate) cwd: PathBuf,
    pub(crate) env: BTreeMap<String, String>,
}

impl Program {
    /// The program of an `exec` action.
    pub(crate) fn of_exec(
        exec: &Exec,
        host: &Host,
        (root, home): (&std::path::Path, &std::path::Path),
    ) -> Result<Self, ExecutorError> {
        let cwd = match &exec.cwd {
            Some(path) => match path.as_str().strip_prefix("~/") {
                Some(rest) => home.join(rest),
                None => root.join(path.as_str().trim_start_matches('/')),
            },
            None => home.to_path_buf(),
        };
        let argv = exec.argv.words().to_vec();
        Ok(Self { argv, cwd, env: environment(host, &exec.env)? })
    }

    /// Runs it to its end.
    pub(crate) async fn run(
        self,
        job: &Job,
        output: &mpsc::Sender<Output>,
        stop: &Stop,
    ) -> Result<Ended, ExecutorError> {
        let invocation = Invocation {
            argv: self.argv,
            cwd: Some(self.cwd),
            env: self.env,
            timeout: job.step.timeout,
            grace: job.grace,
            interruptible: job.step.interruptible,
            capture: Capture::Piped,
            leftovers: Leftovers::Kill,
            marker: format!("{}.{}", job.task, job.attempt),
        };
        match process::run(&invocation, output, stop).await {
            Ok(report) => Ok(ended(job, report)),
            Err(error) => lost(job, error),
        }
    }
}

pub(super) fn environment(
    host: &Host,
    own: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, ExecutorError> {
    if let Some(name) = own.keys().find(|name| REFUSED.contains(&name.as_str())) {
        let title = format!("the variable `{name}` cannot be set for a program");
        let problem = Problem::new("D1-EXEC-003", Category::Denied, title)
            .because("it would let other code run in the program's place")
            .next("give the program's full path, or its own options, instead");
        return Err(trouble::refused(problem));
    }
    let ours = |name: &str| match name {
        "PATH" => Some(host.path.clone()),
        other => std::env::var(other).ok(),
    };
    let mut env = process::clean_environment(&ours);
    env.extend(own.clone());
    Ok(env)
}

fn ended(job: &Job, report: Report) -> Ended {
    let (outcome, exit_code) = match report.how {
        How::Exited(0) => (Outcome::Succeeded, Some(0)),
        How::Exited(code) => (Outcome::Failed, Some(code)),
        How::Signalled(_) => (Outcome::Failed, None),
        How::TimedOut => (Outcome::TimedOut, None),
        How::Cancelled => (Outcome::Cancelled, None),
        How::Killed => (Outcome::Killed, None),
        How::OutOfMemory
        | How::TooManyProcesses
        | How::CpuTime
        | How::FileSize
        | How::OutputLimit => (Outcome::Failed, None),
    };
    let problem = (!outcome.is_success()).then(|| failed(job, &report));
    Ended {
        exit_code,
        stdout: report.stdout,
        stderr: report.stderr,
        output_digest: report.digest,
        dropped_bytes: report.dropped,
        duration: report.duration,
        usage: report.usage,
        opaque: job.step.effect != Effect::Read,
        problem,
        ..Ended::quietly(outcome)
    }
}

fn failed(job: &Job, report: &Report) -> Problem {
    let title = &job.step.title;
    let (code, category, title) = match report.how {
        How::Exited(code) => {
            ("D1-EXEC-001", Category::Task, format!("`{title}` ended with exit code {code}"))
        }
        How::Signalled(signal) => {
            ("D1-EXEC-001", Category::Task, format!("`{title}` was ended by signal {signal}"))
        }
        How::TimedOut => {
            let time = job.step.timeout;
            ("D1-EXEC-004", Category::Timeout, format!("`{title}` took longer than {time:?}"))
        }
        How::Cancelled | How::Killed => {
            ("D1-EXEC-005", Category::Task, format!("`{title}` was stopped"))
        }
        How::OutOfMemory => {
            ("D1-EXEC-013", Category::Task, format!("`{title}` took more memory than it may"))
        }
        How::TooManyProcesses => {
            ("D1-EXEC-009", Category::Task, format!("`{title}` had more processes than it may"))
        }
        How::CpuTime => (
            "D1-EXEC-011",
            Category::Task,
            format!("`{title}` took more processor time than it may"),
        ),
        How::FileSize => {
            ("D1-EXEC-012", Category::Task, format!("`{title}` wrote a larger file than it may"))
        }
        How::OutputLimit => {
            ("D1-EXEC-010", Category::Task, format!("`{title}` printed more than it may"))
        }
    };
    let words = if report.stderr.trim().is_empty() { &report.stdout } else { &report.stderr };
    let lines: Vec<&str> = words.lines().collect();
    let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
    Problem::new(code, category, title).because(last.join("\n")).leaving(
        if job.step.effect == d1_core::Effect::Read {
            "it only looks; nothing was changed by this step"
        } else {
            "what it changed before it ended is not known"
        },
    )
}

/// What never ran is an error; what ran and was lost sight of is an end.
fn lost(job: &Job, error: ProcessError) -> Result<Ended, ExecutorError> {
    match error {
        ProcessError::Follow { .. } | ProcessError::Survivors { .. } => {
            let problem = Problem::new("D1-EXEC-007", Category::Bug, error.to_string());
            let ended = Ended::quietly(Outcome::Killed).because(problem);
            Ok(Ended { opaque: job.step.effect != Effect::Read, ..ended })
        }
        ProcessError::Empty
        | ProcessError::NotFound { .. }
        | ProcessError::Directory { .. }
        | ProcessError::Spawn { .. } => {
            let text = error.to_string();
            let (title, remedy) = text.split_once("; ").unwrap_or((&text, ""));
            let cause =
                std::error::Error::source(&error).map_or_else(String::new, |e| e.to_string());
            let problem = Problem::new("D1-EXEC-002", Category::Task, title).because(cause);
            Err(trouble::refused(if remedy.is_empty() { problem } else { problem.next(remedy) }))
        }
    }
}
