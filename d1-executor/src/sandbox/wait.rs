//! Reaps a child and tells what it used (`wait4(2)`).

use d1_core::Usage;
use std::{io, mem::MaybeUninit, os::fd::OwnedFd};
use tokio::io::unix::AsyncFd;

/// A child that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reaped {
    /// How.
    pub(crate) status: Status,
    /// What it and the children it waited for used.
    pub(crate) usage: Usage,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
}

/// A handle on a child that becomes readable when it has ended (`pidfd_open(2)`).
#[cfg(target_os = "linux")]
pub(crate) fn end_of(pid: i32) -> io::Result<OwnedFd> {
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    let pid = Pid::from_raw(pid).ok_or(io::ErrorKind::NotFound)?;
    Ok(pidfd_open(pid, PidfdFlags::NONBLOCK)?)
}

/// A handle on a child that becomes readable when it has ended: a queue in which its end, and
/// nothing else, arrives (`kqueue(2)`). Only compiled so far, never run.
#[cfg(target_os = "macos")]
pub(crate) fn end_of(pid: i32) -> io::Result<OwnedFd> {
    use rustix::{
        event::kqueue::{Event, EventFilter, EventFlags, ProcessEvents, kevent, kqueue},
        process::Pid,
    };
    let pid = Pid::from_raw(pid).ok_or(io::ErrorKind::NotFound)?;
    let queue = kqueue()?;
    let end = EventFilter::Proc { pid, flags: ProcessEvents::EXIT };
    let asked = [Event::new(end, EventFlags::ADD, std::ptr::null_mut())];
    // SAFETY: the event names a process and no descriptor, so that none has to stay open.
    unsafe { kevent(&queue, &asked, &mut Vec::<Event>::new(), None) }?;
    Ok(queue)
}

/// A handle on a process that becomes readable when the process ends.
pub(crate) fn watch(handle: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is one open descriptor, the same one until it is dropped.
    unsafe { AsyncFd::register(handle) }.map_err(io::Error::from)
}

/// Reaps the child `pid`, waiting for its end if need be.
pub(crate) fn reap(pid: i32) -> io::Result<Reaped> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    loop {
        // SAFETY: both pointers are to memory of ours of the right size.
        let reaped = unsafe { libc::wait4(pid, &raw mut status, 0, usage.as_mut_ptr()) };
        if reaped == pid {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    // SAFETY: all-zero bytes are a valid `rusage`, and the kernel has filled it.
    let usage = unsafe { usage.assume_init() };
    let status = if libc::WIFEXITED(status) {
        Status::Exited(libc::WEXITSTATUS(status))
    } else {
        Status::Signalled(libc::WTERMSIG(status))
    };
    Ok(Reaped {
        status,
        usage: Usage {
            user_micros: micros(usage.ru_utime),
            system_micros: micros(usage.ru_stime),
            max_rss_bytes: u64::try_from(usage.ru_maxrss).unwrap_or(0).saturating_mul(1024),
            ..Usage::default()
        },
    })
}

fn micros(time: libc::timeval) -> u64 {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    seconds.saturating_mul(1_000_000).saturating_add(micros)
}
