//! Starts the command and stays until it has ended, or has to.
//!
//! A byte on the line of life asks everything to end. Its closing means that whoever started
//! us is gone: we end, and with us everything.

use super::{
    census::{Seen, census, processes},
    held::held,
    main::{Stop, Walls},
    room::Room,
    still::Stillness,
};
use crate::sandbox::{
    Reaped, Spawn, Status,
    grant::Limits,
    linux::order::{Failure, Finish, How, Mode, Order, Word, say},
    places::View,
    reap, spawn,
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{
        Pid, PidfdFlags, Signal, WaitOptions, kill_process, pidfd_open, pidfd_send_signal, waitpid,
    },
};
use std::{
    ffi::CString,
    fs::File,
    io,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::fs::PermissionsExt as _,
    },
    path::{Path, PathBuf},
    time::Instant,
};

/// How often what the processes use is added up: at first, and at most.
const LOOK_FIRST: i64 = 10_000_000;
pub(super) const LOOK_AT_MOST: i64 = 160_000_000;

/// Starts the command, tells so, and tells how it ended.
pub(super) fn run(walls: Walls, words: &File, life: &OwnedFd) -> Result<(), Stop> {
    let Walls { order, missing } = walls;
    if rustix::process::chdir(&order.cwd).is_err() {
        return Err(Failure::Directory);
    }
    let program = order.argv.first().cloned().unwrap_or_default();
    let path = order.env.get("PATH").map_or("", String::as_str);
    let program = find(&program, path).ok_or(Failure::NotFound)?;
    let pid = start(&program, &order.argv, &order.env)?;
    let gone = |_| Failure::Start { errno: libc::ESRCH };
    let pid = Pid::from_raw(pid).ok_or(Failure::Start { errno: libc::ESRCH })?;
    let handle = pidfd_open(pid, PidfdFlags::empty()).map_err(gone)?;
    // The command alone holds its output now.
    for number in 0..3 {
        // SAFETY: these belong to nobody in this process any more.
        unsafe { libc::close(number) };
    }
    let _unheard = say(words, &Word::Started(missing));
    let Some(how) = stay(&order, (pid, &handle), (life, words)) else {
        return Ok(());
    };
    if how.is_some() {
        let _gone = pidfd_send_signal(&handle, Signal::KILL);
    }
    let reaped =
        reap(pid.as_raw_nonzero().get()).map_err(|_| Failure::Start { errno: libc::ECHILD })?;
    let _unheard = say(words, &Word::Ended(finish(how, reaped, &order.limits)));
    Ok(())
}

fn finish(how: Option<How>, reaped: Reaped, limits: &Limits) -> Finish {
    let by_itself = match reaped.status {
        // It grew faster than we count, and was cut off or gave up.
        _ if reaped.usage.max_rss_bytes >= limits.memory => How::OutOfMemory,
        Status::Exited(code) => How::Exited(code),
        Status::Signalled(signal) => How::Signalled(signal),
    };
    Finish {
        how: how.unwrap_or(by_itself),
        user_micros: reaped.usage.user_micros,
        system_micros: reaped.usage.system_micros,
        max_rss_bytes: reaped.usage.max_rss_bytes,
    }
}

fn start(
    program: &Path,
    argv: &[String],
    env: &std::collections::BTreeMap<String, String>,
) -> Result<i32, Stop> {
    use std::os::unix::ffi::OsStrExt as _;
    let text =
        |bytes: &[u8]| CString::new(bytes).map_err(|_nul| Failure::Start { errno: libc::EINVAL });
    let file = text(program.as_os_str().as_bytes())?;
    let words: Vec<CString> =
        argv.iter().map(|word| text(word.as_bytes())).collect::<Result<_, _>>()?;
    let env = env.iter().map(|(name, value)| text(format!("{name}={value}").as_bytes()));
    let env: Vec<CString> = env.collect::<Result<_, _>>()?;
    let (out, err) = (io::stdout(), io::stderr());
    let what = Spawn {
        program: &file,
        argv: &words,
        env: &env,
        cwd: None,
        stdout: out.as_fd(),
        stderr: err.as_fd(),
    };
    spawn(&what)
        .map_err(|error| Failure::Start { errno: error.raw_os_error().unwrap_or(libc::EIO) })
}

/// The file to execute, as seen from inside.
fn find(program: &str, path: &str) -> Option<PathBuf> {
    let there = |path: &Path| {
        path.metadata().is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        // Whether it may run is for the kernel to say, with its own reason.
        return Some(PathBuf::from(program)).filter(|path| path.exists());
    }
    std::env::split_paths(path).map(|folder| folder.join(program)).find(|path| there(path))
}

/// Waits for the end of the command: `Some(None)` by itself, `Some(how)` because it has to,
/// `None` when nobody is left to tell.
fn stay(
    order: &Order,
    (pid, command): (Pid, &OwnedFd),
    (life, words): (&OwnedFd, &File),
) -> Option<Option<How>> {
    let Order { mode, limits, packages: outlives, .. } = order;
    let (mode, outlives) = (*mode, *outlives);
    let (mut wait, mut still, mut followed) = (LOOK_FIRST, Stillness::default(), true);
    let mut room = room(order);
    loop {
        let mut ends = [PollFd::new(command, PollFlags::IN), PollFd::new(life, PollFlags::IN)];
        // What outlives whoever started it hears nothing more from there.
        let ends = if followed { &mut ends[..] } else { &mut ends[..1] };
        let time = Timespec { tv_sec: 0, tv_nsec: wait };
        if poll(ends, Some(&time)).is_err() {
            continue;
        }
        let spoke = |at: usize| ends.get(at).is_some_and(|end| !end.revents().is_empty());
        let (over, asked) = (spoke(0), spoke(1));
        if over {
            return Some(None);
        }
        if asked {
            match rustix::io::read(life, &mut [0; 1]) {
                Ok(0) | Err(_) if outlives => followed = false,
                Ok(0) | Err(_) => return None,
                Ok(_byte) => terminate(mode, command),
            }
        }
        reap_orphans(mode, pid);
        if room.is_gone() {
            return Some(Some(How::DiskFull));
        }
        // Without a namespace, others than ours would be counted.
        if mode != Mode::Bare {
            let all = census();
            if let Some(how) = excess(&all, limits) {
                return Some(Some(how));
            }
            if let Some(waiting) = still.look(all, Instant::now()) {
                let _unheard = say(words, &Word::Waiting(waiting));
            }
        }
        wait = (wait * 2).min(LOOK_AT_MOST);
    }
}

/// The disks that it may not fill. A package manager looks after that itself, and one that is
/// ended in the middle leaves more behind than a full disk.
fn room(order: &Order) -> Room {
    let View { write, reopened, .. } = &order.view;
    let places = write.iter().chain(reopened).filter(|_| !order.packages);
    Room::of(places.cloned().collect())
}

/// Asks every process to end; one that is stopped hears nothing until it goes on.
fn terminate(mode: Mode, command: &OwnedFd) {
    if mode == Mode::Bare {
        let _gone = pidfd_send_signal(command, Signal::TERM);
        return;
    }
    for pid in processes() {
        for signal in [Signal::TERM, Signal::CONT] {
            let _gone = kill_process(pid, signal);
        }
    }
}

/// Reaps what has lost its parent, but not the command: its end is told from its status.
fn reap_orphans(mode: Mode, command: Pid) {
    if mode == Mode::Bare {
        return;
    }
    for pid in processes().into_iter().filter(|pid| *pid != command) {
        let _alive_or_not_ours = waitpid(Some(pid), WaitOptions::NOHANG);
    }
}

/// Whether all processes together have more than they may.
fn excess(all: &[Seen], limits: &Limits) -> Option<How> {
    let page = u64::try_from(rustix::param::page_size()).unwrap_or(4096);
    let threads: u64 = all.iter().map(|seen| seen.threads).sum();
    let pages = all.iter().fold(0_u64, |sum, seen| sum.saturating_add(seen.pages));
    let memory = pages.saturating_mul(page).saturating_add(held(all.iter().map(|seen| seen.pid)));
    if memory > limits.memory {
        return Some(How::OutOfMemory);
    }
    let ticks = limits.cpu_seconds.saturating_mul(rustix::param::clock_ticks_per_second());
    if all.iter().any(|seen| seen.ticks > ticks) {
        return Some(How::CpuTime);
    }
    // We are one of those that the kernel counts.
    (threads + 1 >= limits.processes).then_some(How::TooManyProcesses)
}
