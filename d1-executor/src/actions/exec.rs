//! Programs and scripts: run exactly as told, behind the walls of their step, and never undone.

use super::{confine::Permit, reach, trouble};
use crate::{
    facts::Host,
    process::{
        self, Asked, Capture, Confinement, Fence, How, Invocation, Leftovers, ProcessError, Report,
    },
    refused, registries,
    sandbox::{self, Access, Grant, SandboxBackend, SandboxError},
};
use d1_core::{
    Category, Effect, Ended, Exec, ExecutorError, Job, NetworkUse, Outcome, Output, Problem, Stop,
};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};
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
    /// Whether the action says where it starts.
    pub(crate) told_where: bool,
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
        let told_where = exec.cwd.is_some();
        let ours = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let mut env = registries::environment(&argv, ours);
        env.extend(environment(host, &exec.env)?);
        Ok(Self { argv, cwd, env, told_where })
    }
}

impl Permit {
    /// Runs it to its end, behind its walls if there are to be some.
    pub(crate) async fn run(
        self,
        sandbox: Option<&Arc<dyn SandboxBackend>>,
        job: &Job,
        output: &mpsc::Sender<Output>,
        stop: &Stop,
    ) -> Result<Ended, ExecutorError> {
        let digest = Some(self.digest);
        let ended = match (&self.grant, sandbox) {
            (Some(grant), Some(sandbox)) => confined(sandbox, grant, job, output, stop).await?,
            (Some(grant), None) => {
                let isolation = sandbox::no_walls(grant, "there is no sandbox for this system");
                Ended { isolation, ..free(self.program, job, output, stop).await? }
            }
            (None, _) => free(self.program, job, output, stop).await?,
        };
        Ok(Ended { grant: digest, ..ended })
    }
}

/// Runs it with the rights of whoever we are.
async fn free(
    program: Program,
    job: &Job,
    output: &mpsc::Sender<Output>,
    stop: &Stop,
) -> Result<Ended, ExecutorError> {
    let invocation = Invocation {
        argv: program.argv,
        cwd: Some(program.cwd),
        env: program.env,
        timeout: job.step.timeout,
        grace: job.grace,
        interruptible: job.step.interruptible,
        capture: Capture::Piped,
        leftovers: Leftovers::Kill,
        marker: marker(job),
    };
    match process::run(&invocation, output, stop).await {
        Ok(report) => Ok(ended(job, report)),
        Err(error) => lost(job, error),
    }
}

/// Runs it behind its walls.
async fn confined(
    sandbox: &Arc<dyn SandboxBackend>,
    grant: &Grant,
    job: &Job,
    output: &mpsc::Sender<Output>,
    stop: &Stop,
) -> Result<Ended, ExecutorError> {
    let mut marked = grant.clone();
    // Ours, and no part of what was agreed on: by it the processes of a task are known.
    marked.env.insert(process::MARKER.to_owned(), marker(job));
    let (timeout, interruptible) = (job.step.timeout, job.step.interruptible);
    let fence = Fence { timeout, grace: job.grace, interruptible };
    match process::run_confined(sandbox, &marked, fence, output, stop).await {
        Ok(Confinement { report, isolation, asked, .. }) => {
            let reached = unnamed(&isolation.network, job, &report)
                .or_else(|| undeclared(&**sandbox, grant, job, &report));
            let ended = Ended { isolation, ..ended(job, report) };
            Ok(match reached {
                Some(problem) => Ended { problem: Some(problem), ..ended },
                None => {
                    Ended { problem: ended.problem.map(|it| with_question(it, asked)), ..ended }
                }
            })
        }
        Err(SandboxError::Follow { source }) => {
            let problem = Problem::new("D1-EXEC-007", Category::Bug, "lost track of the sandbox");
            let ended =
                Ended::quietly(Outcome::Killed).because(problem.because(source.to_string()));
            Ok(Ended { opaque: job.step.effect != Effect::Read, ..ended })
        }
        Err(error) => Err(trouble::refused(not_run(&error))),
    }
}

/// A program that failed may have asked something first.
fn with_question(problem: Problem, asked: Option<Asked>) -> Problem {
    match asked {
        Some(asked) => problem.next(asked.note()),
        None => problem,
    }
}

/// Why a program did not run behind its walls.
fn not_run(error: &SandboxError) -> Problem {
    let problem = sandbox::without_walls(error);
    match error {
        SandboxError::NotFound { .. } | SandboxError::Start { .. } => {
            Problem { code: "D1-EXEC-002".into(), ..problem }
        }
        SandboxError::NoBackend
        | SandboxError::Missing { .. }
        | SandboxError::SetUp { .. }
        | SandboxError::Path { .. }
        | SandboxError::Handed { .. }
        | SandboxError::Changed { .. }
        | SandboxError::Directory { .. }
        | SandboxError::Follow { .. } => problem,
    }
}

/// A program that failed because it called somebody that its step does not name.
fn unnamed(network: &NetworkUse, job: &Job, report: &Report) -> Option<Problem> {
    if !matches!(report.how, How::Exited(code) if code != 0) {
        return None;
    }
    let words = last_words(report);
    let wanted = refused::wanted(network, &words);
    let (host, title) = (wanted.first()?, &job.step.title);
    let problem = failed(job, report);
    let what = format!("`{title}` called `{host}`, which it does not name");
    let unnamed = Problem::new("D1-BOX-007", Category::Task, what).because(problem.cause);
    Some(refused::told(unnamed.leaving(problem.state), network, &words))
}

/// A program that failed because it reached for something that its step does not name.
fn undeclared(
    sandbox: &dyn SandboxBackend,
    grant: &Grant,
    job: &Job,
    report: &Report,
) -> Option<Problem> {
    if !matches!(report.how, How::Exited(code) if code != 0) {
        return None;
    }
    let (path, access) = reach::undeclared(sandbox, grant, &last_words(report))?;
    let (path, title) = (path.display(), &job.step.title);
    let what = match access {
        Access::Read => format!("`{title}` reached for `{path}`, which it does not name"),
        Access::Write => format!("`{title}` tried to change `{path}`, which it does not name"),
    };
    let problem = failed(job, report);
    Some(
        Problem::new("D1-BOX-006", Category::Task, what)
            .because(problem.cause)
            .leaving("what it does not name is as it was")
            .next(format!("have the step name `{path}` in its `touches`, or do without it")),
    )
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
        | How::DiskFull
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
        How::DiskFull => {
            ("D1-EXEC-014", Category::Task, format!("`{title}` left hardly any room on the disk"))
        }
        How::OutputLimit => {
            ("D1-EXEC-010", Category::Task, format!("`{title}` printed more than it may"))
        }
    };
    Problem::new(code, category, title).because(last_words(report)).leaving(
        if job.step.effect == d1_core::Effect::Read {
            "it only looks; nothing was changed by this step"
        } else {
            "what it changed before it ended is not known"
        },
    )
}

/// The last lines that it wrote.
fn last_words(report: &Report) -> String {
    let words = if report.stderr.trim().is_empty() { &report.stdout } else { &report.stderr };
    let lines: Vec<&str> = words.lines().collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}

/// The name by which every process of an attempt is known.
fn marker(job: &Job) -> String {
    format!("{}.{}", job.task, job.attempt)
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
