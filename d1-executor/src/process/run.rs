//! Runs one program to its end.
//!
//! 1. Find it, and prepare where its words go.
//! 2. Start it, in a session of its own.
//! 3. Wait for its end, its time, or somebody's wish; pass its words on meanwhile.
//! 4. Bring its whole tree to an end, read the last words, reap it.

use super::{
    capture::{Captured, Source, capture},
    invocation::{Capture, How, Invocation, Leftovers, ProcessError, Report},
    spool::Spool,
    tree,
};
use crate::sandbox::{self, Reaped, Spawn, Status};
use d1_core::{Digest, Output, Stop, Stream, Usage};
use std::{
    ffi::{CString, OsStr},
    fs::File,
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{ffi::OsStrExt as _, fs::PermissionsExt as _},
    },
    path::{Path, PathBuf},
};
use tokio::{io::unix::AsyncFd, net::unix::pipe, sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

/// Runs `invocation`, passing its words on to `output` as they come.
///
/// When this returns, the program and, unless they were to be left, all its descendants are
/// gone. A program that ran and failed is a report; an error means that it did not run, or
/// cannot be followed.
pub async fn run(
    invocation: &Invocation,
    output: &mpsc::Sender<Output>,
    stop: &Stop,
) -> Result<Report, ProcessError> {
    tree::adopt_orphans();
    let began = Instant::now();
    let child = start(invocation)?;
    let ended = CancellationToken::new();
    let Child { pid, handle, stdout, stderr } = child;
    let follow = |source| ProcessError::Follow { program: program(invocation), source };
    let handle = sandbox::watch(handle).map_err(follow)?;
    let words = async {
        tokio::try_join!(
            capture(Stream::Stdout, stdout, output.clone(), ended.clone()),
            capture(Stream::Stderr, stderr, output.clone(), ended.clone()),
        )
    };
    let life = async {
        let how = live(invocation, pid, &handle, stop).await?;
        let reaped = finish(invocation, pid, &handle, how).await;
        ended.cancel();
        reaped.map(|reaped| (how, reaped))
    };
    let (life, words) = tokio::join!(life, words);
    let (how, reaped) = life?;
    let (stdout, stderr) = words.map_err(follow)?;
    let how = how.unwrap_or(match reaped.status {
        Status::Exited(code) => How::Exited(code),
        Status::Signalled(signal) => How::Signalled(signal),
    });
    Ok(report(how, reaped.usage, began, stdout, stderr))
}

struct Child {
    pid: i32,
    handle: OwnedFd,
    stdout: Source,
    stderr: Source,
}

fn program(invocation: &Invocation) -> String {
    invocation.argv.first().cloned().unwrap_or_default()
}

fn start(invocation: &Invocation) -> Result<Child, ProcessError> {
    let program = program(invocation);
    let path = find(invocation)?;
    if let Some(cwd) = invocation.cwd.as_ref().filter(|cwd| !cwd.is_dir()) {
        return Err(ProcessError::Directory { cwd: cwd.clone() });
    }
    let failed = |source| ProcessError::Spawn { program: program.clone(), source };
    let text = |text: &OsStr| CString::new(text.as_bytes()).map_err(|nul| failed(nul.into()));
    let file = text(path.as_os_str())?;
    let argv = invocation.argv.iter().map(|word| text(OsStr::new(word)));
    let argv = argv.collect::<Result<Vec<_>, _>>()?;
    let marked = format!("{}={}", tree::MARKER, invocation.marker);
    let env = invocation.env.iter().map(|(name, value)| format!("{name}={value}"));
    let env = env.chain([marked]).map(|entry| text(OsStr::new(&entry)));
    let env = env.collect::<Result<Vec<_>, _>>()?;
    let cwd = invocation.cwd.as_ref().map(|cwd| text(cwd.as_os_str())).transpose()?;
    let ends = Ends::make(&invocation.capture).map_err(failed)?;
    let pid = sandbox::spawn(&Spawn {
        program: &file,
        argv: &argv,
        env: &env,
        cwd: cwd.as_deref(),
        stdout: ends.out.as_fd(),
        stderr: ends.err.as_fd(),
    })
    .map_err(failed)?;
    let handle = sandbox::end_of(pid).map_err(failed)?;
    Ok(Child { pid, handle, stdout: ends.from_out, stderr: ends.from_err })
}

/// How many bytes a pipe holds that we have not read yet, where the system lets us say so.
#[cfg(target_os = "linux")]
const ROOM: usize = 256 * 1024;

/// Each time it is full and each time it is empty, somebody sleeps.
#[cfg(target_os = "linux")]
fn widen(pipe: &io::PipeReader) {
    // Who has many pipes already gets no more room; it works without.
    let _smaller = rustix::pipe::fcntl_setpipe_size(pipe, ROOM);
}

#[cfg(not(target_os = "linux"))]
fn widen(_pipe: &io::PipeReader) {}

/// Both ends of both streams; the writing ends are closed when this is dropped.
pub(super) struct Ends {
    pub(super) out: OwnedFd,
    pub(super) err: OwnedFd,
    pub(super) from_out: Source,
    pub(super) from_err: Source,
}

impl Ends {
    pub(super) fn make(capture: &Capture) -> io::Result<Self> {
        match capture {
            Capture::Piped => {
                let pair = || {
                    let (read, write) = io::pipe()?;
                    widen(&read);
                    Ok::<_, io::Error>((pipe::Receiver::from_owned_fd(read.into())?, write))
                };
                let ((from_out, out), (from_err, err)) = (pair()?, pair()?);
                Ok(Self {
                    out: out.into(),
                    err: err.into(),
                    from_out: Source::Pipe(from_out),
                    from_err: Source::Pipe(from_err),
                })
            }
            Capture::Spooled { folder, name } => {
                let spool = Spool::new(folder, name);
                let (out, err): (File, File) = spool.open()?;
                let (from_out, from_err) = spool.readers()?;
                Ok(Self {
                    out: out.into(),
                    err: err.into(),
                    from_out: Source::File(from_out),
                    from_err: Source::File(from_err),
                })
            }
        }
    }
}

/// The file to execute: as it is when it has a slash, else the first on the search path.
fn find(invocation: &Invocation) -> Result<PathBuf, ProcessError> {
    let program = program(invocation);
    if program.is_empty() {
        return Err(ProcessError::Empty);
    }
    let executable = |path: &Path| {
        path.metadata().is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
    };
    let found = if program.contains('/') {
        let from = invocation.cwd.as_deref().unwrap_or(Path::new(""));
        Some(from.join(&program)).filter(|path| executable(path))
    } else {
        let path = invocation.env.get("PATH").map_or("", String::as_str);
        std::env::split_paths(path).map(|dir| dir.join(&program)).find(|path| executable(path))
    };
    found.ok_or(ProcessError::NotFound { program })
}

/// Waits until the program has ended, or has to.
async fn live(
    invocation: &Invocation,
    pid: i32,
    handle: &AsyncFd<OwnedFd>,
    stop: &Stop,
) -> Result<Option<How>, ProcessError> {
    let follow = |source| ProcessError::Follow { program: program(invocation), source };
    let late = tokio::time::sleep(invocation.timeout);
    tokio::pin!(late);
    let asked = async {
        if invocation.interruptible {
            stop.now().cancelled().await
        } else {
            std::future::pending().await
        }
    };
    let why = tokio::select! {
        biased;
        ended = handle.readable() => {
            ended.map_err(follow)?.retain_ready();
            return Ok(None);
        }
        () = stop.kill().cancelled() => return Ok(Some(How::Killed)),
        () = asked => How::Cancelled,
        () = &mut late => How::TimedOut,
    };
    tree::terminate(pid, &invocation.marker);
    tokio::select! {
        ended = handle.readable() => ended.map_err(follow)?.retain_ready(),
        () = tokio::time::sleep(invocation.grace) => {}
        () = stop.kill().cancelled() => {}
    }
    Ok(Some(why))
}

/// Brings the tree to an end and reaps the program.
async fn finish(
    invocation: &Invocation,
    pid: i32,
    handle: &AsyncFd<OwnedFd>,
    why: Option<How>,
) -> Result<Reaped, ProcessError> {
    let marker = &invocation.marker;
    let follow = |source| ProcessError::Follow { program: program(invocation), source };
    if why.is_none() {
        let reaped = sandbox::reap(pid).map_err(follow)?;
        if tree::maybe_some() {
            match invocation.leftovers {
                Leftovers::Leave => tree::leave(pid, marker),
                Leftovers::Kill => survivors(invocation, tree::kill(pid, marker).await)?,
            }
        }
        return Ok(reaped);
    }
    let left = tree::kill(pid, marker).await;
    survivors(invocation, left)?;
    handle.readable().await.map_err(follow)?.retain_ready();
    sandbox::reap(pid).map_err(follow)
}

fn survivors(invocation: &Invocation, pids: Vec<i32>) -> Result<(), ProcessError> {
    if pids.is_empty() {
        Ok(())
    } else {
        Err(ProcessError::Survivors { program: program(invocation), pids })
    }
}

pub(super) fn report(
    how: How,
    usage: Usage,
    began: Instant,
    stdout: Captured,
    stderr: Captured,
) -> Report {
    let both = [stdout.closed.digest, stderr.closed.digest].concat();
    let streams = [&stdout, &stderr];
    let dropped = streams.iter().map(|one| one.closed.dropped + one.unread).sum();
    let output_bytes = streams.iter().map(|one| one.closed.total + one.unread).sum();
    Report {
        how,
        duration: began.elapsed(),
        stdout: stdout.closed.text,
        stderr: stderr.closed.text,
        digest: Digest::of(&both),
        dropped,
        usage: Usage { output_bytes, ..usage },
    }
}
