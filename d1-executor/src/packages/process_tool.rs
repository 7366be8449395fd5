//! [`ProcessTool`]: package programs as real processes.

use super::{
    tool::{Captured, Command, Run, Tool, ToolError},
    walls::PackageWalls,
};
use crate::process::{self, Capture, How, Invocation, Leftovers, ProcessError, Report, Spool};
use d1_core::{Category, Ended, Outcome, Problem};
use std::{io, path::PathBuf, process::Stdio, time::Duration};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The most bytes a short command may write: the names of all packages are two megabytes.
const MOST_CAPTURED: usize = 64 * 1024 * 1024;

/// Runs package programs as real processes: with our rights, unless it was given walls.
#[derive(Clone, Debug, Default)]
pub struct ProcessTool {
    walls: Option<PackageWalls>,
}

impl ProcessTool {
    /// One whose commands that work run behind walls.
    pub(crate) fn behind(walls: PackageWalls) -> Self {
        Self { walls: Some(walls) }
    }
}

#[async_trait::async_trait]
impl Tool for ProcessTool {
    async fn capture(&self, command: &Command, timeout: Duration) -> Result<Captured, ToolError> {
        let program = command.program().to_owned();
        let failed = |source| ToolError::Run { program: program.clone(), source };
        let mut child = spawn(command).map_err(failed)?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let work = async {
            let (stdout, stderr) = tokio::try_join!(read(out), read(err))?;
            Ok::<_, io::Error>((child.wait().await?, stdout, stderr))
        };
        let Ok(ended) = tokio::time::timeout(timeout, work).await else {
            return Err(ToolError::TimedOut { program, after: timeout });
        };
        let (status, stdout, stderr) = ended.map_err(failed)?;
        if stdout.len() > MOST_CAPTURED || stderr.len() > MOST_CAPTURED {
            return Err(ToolError::TooMuch { program, max: MOST_CAPTURED });
        }
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(Captured { code: status.code(), stdout: text(stdout), stderr: text(stderr) })
    }

    async fn stream(&self, command: &Command, run: &Run<'_>) -> Result<Ended, ToolError> {
        match &self.walls {
            Some(walls) => walls.stream(command, run).await,
            None => free(command, run).await,
        }
    }

    async fn still_runs(&self, run: &Run<'_>) -> bool {
        let Ok(entries) = std::fs::read_dir(run.spool) else { return false };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let ours = |name: &String| run.is_its_spool(name);
        let mut spools =
            names.filter_map(|file| file.strip_suffix(".out").map(str::to_owned)).filter(ours);
        spools.any(|name| Spool::new(run.spool, &name).is_alive())
    }
}

/// Runs a command that works with our rights.
pub(super) async fn free(command: &Command, run: &Run<'_>) -> Result<Ended, ToolError> {
    let invocation = Invocation {
        argv: command.argv.clone(),
        cwd: Some(PathBuf::from("/")),
        env: command.env.clone(),
        timeout: run.timeout,
        grace: run.grace,
        interruptible: run.interruptible,
        // A package manager must outlive us, whatever becomes of us.
        capture: Capture::Spooled { folder: run.spool.to_path_buf(), name: run.name.to_owned() },
        // What an installation starts is a service, and stays.
        leftovers: Leftovers::Leave,
        marker: run.name.to_owned(),
    };
    match process::run(&invocation, run.output, run.stop).await {
        Ok(report) => Ok(ended(report)),
        Err(error) => lost(command, error),
    }
}

pub(super) fn ended(report: Report) -> Ended {
    let (outcome, exit_code) = match report.how {
        How::Exited(0) => (Outcome::Succeeded, Some(0)),
        How::Exited(code) => (Outcome::Failed, Some(code)),
        How::Signalled(_) => (Outcome::Failed, None),
        How::TimedOut => (Outcome::TimedOut, None),
        How::Cancelled => (Outcome::Cancelled, None),
        How::Killed => (Outcome::Killed, None),
        // Package tools have no such bounds.
        How::OutOfMemory
        | How::TooManyProcesses
        | How::CpuTime
        | How::FileSize
        | How::DiskFull
        | How::OutputLimit => (Outcome::Failed, None),
    };
    Ended {
        exit_code,
        stdout: report.stdout,
        stderr: report.stderr,
        output_digest: report.digest,
        dropped_bytes: report.dropped,
        duration: report.duration,
        usage: report.usage,
        ..Ended::quietly(outcome)
    }
}

/// What never ran is an error; what ran and was lost sight of is an end.
fn lost(command: &Command, error: ProcessError) -> Result<Ended, ToolError> {
    match error {
        ProcessError::Follow { .. } | ProcessError::Survivors { .. } => {
            let problem = Problem::new("D1-PKG-001", Category::Bug, error.to_string());
            let ended = Ended::quietly(Outcome::Killed).because(problem);
            Ok(Ended { opaque: true, ..ended })
        }
        ProcessError::Empty
        | ProcessError::NotFound { .. }
        | ProcessError::Directory { .. }
        | ProcessError::Spawn { .. } => {
            let source = io::Error::other(error);
            Err(ToolError::Run { program: command.program().to_owned(), source })
        }
    }
}

/// Starts it with no input, its own environment, and an end that is ours to bring.
fn spawn(command: &Command) -> io::Result<tokio::process::Child> {
    let path = command.env.get("PATH").map_or("", String::as_str);
    let named = command.program();
    let program = std::env::split_paths(path)
        .map(|dir| dir.join(named))
        .find(|file| named.contains('/') || file.is_file())
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "it is not on the search path"))?;
    let mut child = tokio::process::Command::new(program);
    child.args(command.argv.iter().skip(1)).env_clear().envs(&command.env);
    if let Some(folder) = &command.cwd {
        child.current_dir(folder);
    }
    child.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    child.spawn()
}

/// Reads to the end, but not more than is allowed and one byte.
async fn read(from: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        from.take(MOST_CAPTURED as u64 + 1).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}
