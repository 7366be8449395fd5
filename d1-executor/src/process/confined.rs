//! Runs one command behind walls to its end.
//!
//! 1. Start it; nothing of it ran when that fails.
//! 2. Wait for its end, its time, its bounds, or somebody's wish; pass its words on meanwhile.
//! 3. End everything. The kernel sees to it that nothing is left.

use super::{
    asked::Asked,
    capture::{Budget, Captured, Source, capture_within},
    invocation::{Capture, How, Report},
    run::{Ends, report},
};
use crate::sandbox::{self, Confined, End, Fate, Grant, SandboxBackend, SandboxError};
use d1_core::{Digest, IsolationReport, Output, Stop, Stream};
use std::{convert::Infallible, io, os::fd::AsFd as _, sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

/// How long a command may run, and how it is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence {
    /// How long it may run.
    pub timeout: Duration,
    /// Between a polite request to end and the end.
    pub grace: Duration,
    /// Whether a polite request to stop ends it; its timeout and a kill always do.
    pub interruptible: bool,
}

impl Fence {
    /// This long, with five seconds to end politely; whoever asks it to stop is obeyed.
    #[must_use]
    pub const fn within(timeout: Duration) -> Self {
        Self { timeout, grace: Duration::from_secs(5), interruptible: true }
    }
}

/// A command that has run behind walls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confinement {
    /// How it ended, and what it said.
    pub report: Report,
    /// Which walls were up.
    pub isolation: IsolationReport,
    /// What it was granted.
    pub grant: Digest,
    /// What it asked or waited for without an answer, if it did.
    pub asked: Option<Asked>,
}

/// Runs the command of `grant` behind the walls of `sandbox`, passing its words on to `output`.
///
/// When this returns, no process of it lives any more, whatever it did. A command that ran and
/// failed is `Ok`; an error means that nothing of it ran, or that it cannot be followed.
///
/// A command that stands still and seems to wait for input is told of by a note in `output`
/// within five seconds. It goes on until its timeout: it may know better.
pub async fn run_confined(
    sandbox: &Arc<dyn SandboxBackend>,
    grant: &Grant,
    fence: Fence,
    output: &mpsc::Sender<Output>,
    stop: &Stop,
) -> Result<Confinement, SandboxError> {
    run_confined_to(Capture::Piped, (sandbox, grant, fence), output, stop).await
}

/// The same, with its words where `capture` says.
pub(crate) async fn run_confined_to(
    capture: Capture,
    (sandbox, grant, fence): (&Arc<dyn SandboxBackend>, &Grant, Fence),
    output: &mpsc::Sender<Output>,
    stop: &Stop,
) -> Result<Confinement, SandboxError> {
    let began = Instant::now();
    let follow = |source: io::Error| SandboxError::Follow { source };
    let (child, stdout, stderr) = start(sandbox, grant, capture).await?;
    let ended = CancellationToken::new();
    let budget = Budget::of(grant.limits.output_bytes);
    let listen =
        |stream, from| capture_within(stream, from, output.clone(), ended.clone(), &budget);
    let words =
        async { tokio::try_join!(listen(Stream::Stdout, stdout), listen(Stream::Stderr, stderr)) };
    let mut asked = None;
    let life = async {
        let how = tokio::select! {
            how = live(&*child, fence, &budget, stop) => how,
            never = note_waiting(&*child, grant, &budget, output, &mut asked) => match never {},
        };
        child.kill();
        let end = child.end().await;
        ended.cancel();
        end.map(|end| (how, end))
    };
    let (life, words) = tokio::join!(life, words);
    let (how, end) = life?;
    let (stdout, stderr): (Captured, Captured) = words.map_err(follow)?;
    let End { fate, usage } = end;
    let report = report(how.unwrap_or(of(fate)), usage, began, stdout, stderr);
    let walls = sandbox::report(grant, child.missing());
    let isolation = IsolationReport { network: child.network(), ..walls };
    let unanswered = || Asked::unanswered(&report.stdout, &report.stderr, grant.argv.words());
    let asked = if report.how == How::Exited(0) { None } else { asked.or_else(unanswered) };
    Ok(Confinement { report, isolation, grant: grant.digest(), asked })
}

type Started = (Box<dyn Confined>, Source, Source);

/// Starts it away from the threads that wait: setting up takes milliseconds of kernel time.
async fn start(
    sandbox: &Arc<dyn SandboxBackend>,
    grant: &Grant,
    capture: Capture,
) -> Result<Started, SandboxError> {
    let (sandbox, grant) = (Arc::clone(sandbox), grant.clone());
    let follow = |source: io::Error| SandboxError::Follow { source };
    let start = move || {
        let ends = Ends::make(&capture).map_err(follow)?;
        let child = sandbox.start(&grant, ends.out.as_fd(), ends.err.as_fd())?;
        Ok((child, ends.from_out, ends.from_err))
    };
    let started = tokio::task::spawn_blocking(start).await;
    started.unwrap_or_else(|died| Err(follow(io::Error::other(died))))
}

/// Waits until it has ended (none), or has to, and has had its time to do so itself.
async fn live(child: &dyn Confined, fence: Fence, budget: &Budget, stop: &Stop) -> Option<How> {
    let asked = async {
        if fence.interruptible {
            stop.now().cancelled().await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    let why = tokio::select! {
        biased;
        _ended = child.end() => return None,
        () = stop.kill().cancelled() => return Some(How::Killed),
        () = budget.spent.cancelled() => return Some(How::OutputLimit),
        () = asked => How::Cancelled,
        () = tokio::time::sleep(fence.timeout) => How::TimedOut,
    };
    child.terminate();
    tokio::select! {
        _ended = child.end() => {}
        () = tokio::time::sleep(fence.grace) => {}
        () = stop.kill().cancelled() => {}
    }
    Some(why)
}

/// Tells each time that it stands still and seems to wait for input; keeps the last.
async fn note_waiting(
    child: &dyn Confined,
    grant: &Grant,
    budget: &Budget,
    output: &mpsc::Sender<Output>,
    asked: &mut Option<Asked>,
) -> Infallible {
    loop {
        let waiting = child.waiting().await;
        let found = Asked::waiting(&waiting, &budget.last_line(), grant.argv.words());
        if let Some(found) = found {
            let _reader_gone = output.send(Output::note(found.note())).await;
            *asked = Some(found);
        }
    }
}

fn of(fate: Fate) -> How {
    match fate {
        Fate::Exited(code) => How::Exited(code),
        Fate::Signalled(signal) => How::Signalled(signal),
        Fate::OutOfMemory => How::OutOfMemory,
        Fate::TooManyProcesses => How::TooManyProcesses,
        Fate::CpuTime => How::CpuTime,
        Fate::FileSize => How::FileSize,
        Fate::DiskFull => How::DiskFull,
        Fate::Killed => How::Killed,
    }
}
