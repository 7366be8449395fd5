//! Notices when everything in the sandbox stands still, and whether for somebody outside.
//!
//! Nobody can answer a command in here: its input is empty, and it has no terminal. Most
//! programs see that and end. What is left are those that wait for something else that will
//! not come: a pipe nobody writes to, a terminal they found all the same, or anything after a
//! question. The kernel tells what a process is blocked in (`/proc/PID/syscall`, `proc(5)`).

use super::census::{Seen, State};
use crate::sandbox::port::{Waiting, WaitsFor};
use rustix::process::Pid;
use std::{
    fs,
    time::{Duration, Instant},
};

/// So long nothing must happen. With the pause between two looks it stays below five seconds.
pub(super) const STILL: Duration = Duration::from_secs(3);
/// How often in the life of one command it is told.
const TELLS_AT_MOST: u32 = 8;

/// Since when nothing happened.
#[derive(Debug, Default)]
pub(super) struct Stillness {
    seen: Vec<Seen>,
    since: Option<Instant>,
    told: u32,
    told_this_time: bool,
}

impl Stillness {
    /// Takes in what is `seen` at `now`; tells once when it has stood still for too long.
    pub(super) fn look(&mut self, mut seen: Vec<Seen>, now: Instant) -> Option<Waiting> {
        // Who is over waits for nobody.
        seen.retain(|seen| seen.state != State::Over);
        let before = std::mem::replace(&mut self.seen, seen);
        let alike = before.len() == self.seen.len()
            && before.iter().zip(&self.seen).all(|(one, other)| one.is_where_it_was(other));
        let since = *self.since.get_or_insert(now);
        if !alike || self.seen.is_empty() {
            (self.since, self.told_this_time) = (Some(now), false);
            return None;
        }
        if self.told_this_time || self.told >= TELLS_AT_MOST || now - since < STILL {
            return None;
        }
        self.told_this_time = true;
        let blocked: Vec<(Pid, Blocked)> =
            self.seen.iter().map(|seen| (seen.pid, blocked(seen.pid))).collect();
        let (pid, on) = judge(&blocked)?;
        self.told += 1;
        Some(Waiting { program: name(pid), on })
    }
}

/// What a process is blocked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blocked {
    /// Reading from a terminal.
    Terminal,
    /// Reading from a pipe, or opening one that has no other end.
    Pipe,
    /// Waiting for another process or thread.
    Another,
    /// Asleep, or on the network: it goes on by itself.
    Busy,
    /// Something else, or it cannot be seen.
    Unknown,
}

/// Who waits for what, if nobody here can go on without the outside.
fn judge(all: &[(Pid, Blocked)]) -> Option<(Pid, WaitsFor)> {
    let first = |what| all.iter().find(|(_, blocked)| *blocked == what).map(|(pid, _)| *pid);
    if let Some(pid) = first(Blocked::Terminal) {
        return Some((pid, WaitsFor::Terminal));
    }
    if first(Blocked::Busy).is_some() {
        return None;
    }
    match (first(Blocked::Unknown), first(Blocked::Pipe)) {
        (Some(pid), _) => Some((pid, WaitsFor::Unknown)),
        (None, Some(pid)) => Some((pid, WaitsFor::Pipe)),
        // Each waits for another: they have locked themselves in, and nobody's answer helps.
        (None, None) => None,
    }
}

fn blocked(pid: Pid) -> Blocked {
    let at = |file: &str| format!("/proc/{}/{file}", pid.as_raw_nonzero());
    let call = fs::read_to_string(at("syscall")).unwrap_or_default();
    let mut words = call.split_whitespace();
    let number: Option<i64> = words.next().and_then(|word| word.parse().ok());
    let first =
        words.next().and_then(|word| u32::from_str_radix(word.trim_start_matches("0x"), 16).ok());
    let holds = || first.and_then(|fd| fs::read_link(at(&format!("fd/{fd}"))).ok());
    match number {
        Some(libc::SYS_read | libc::SYS_readv | libc::SYS_pread64 | libc::SYS_preadv) => {
            holds().map_or(Blocked::Unknown, |file| source(&file.to_string_lossy()))
        }
        // The descriptor is not there yet: a named pipe that waits for its other end.
        Some(libc::SYS_open | libc::SYS_openat) => Blocked::Pipe,
        Some(libc::SYS_wait4 | libc::SYS_waitid | libc::SYS_futex) => Blocked::Another,
        Some(libc::SYS_nanosleep | libc::SYS_clock_nanosleep) => Blocked::Busy,
        Some(_) | None if has_socket(&at("fd")) => Blocked::Busy,
        Some(_) | None => Blocked::Unknown,
    }
}

/// What it is to read from this file, by the name that the kernel gives it.
fn source(file: &str) -> Blocked {
    let terminals = ["/dev/tty", "/dev/pts/", "/dev/console"];
    if terminals.iter().any(|terminal| file.starts_with(terminal)) {
        Blocked::Terminal
    } else if file.starts_with("socket:") {
        Blocked::Busy
    } else {
        Blocked::Pipe
    }
}

/// Whether an answer may still come over a socket.
fn has_socket(folder: &str) -> bool {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names = files.filter_map(|file| fs::read_link(file.path()).ok());
    names.any(|name| name.to_string_lossy().starts_with("socket:"))
}

/// What the program calls itself.
fn name(pid: Pid) -> String {
    let name = fs::read_to_string(format!("/proc/{}/comm", pid.as_raw_nonzero()));
    name.unwrap_or_default().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pid(number: i32) -> Pid {
        Pid::from_raw(number).unwrap()
    }

    fn seen(ticks: u64) -> Vec<Seen> {
        // A number that no process has.
        vec![Seen { pid: pid(i32::MAX), threads: 1, pages: 1, ticks, state: State::Sleeps }]
    }

    #[test]
    fn it_is_told_within_five_seconds() {
        let between = Duration::from_nanos(super::super::watch::LOOK_AT_MOST.unsigned_abs());
        assert!(STILL + 2 * between < Duration::from_secs(5));
    }

    #[test]
    fn one_who_works_is_not_waiting_and_one_who_stands_still_is_told_once() {
        let (mut still, began) = (Stillness::default(), Instant::now());
        assert_eq!(still.look(seen(1), began), None);
        assert_eq!(still.look(seen(2), began + 2 * STILL), None, "it has worked");
        assert_eq!(still.look(seen(2), began + 2 * STILL + STILL / 2), None, "not long enough");
        let told = still.look(seen(2), began + 4 * STILL);
        assert_eq!(told.map(|waiting| waiting.on), Some(WaitsFor::Unknown));
        assert_eq!(still.look(seen(2), began + 8 * STILL), None, "told already");
        assert_eq!(still.look(seen(3), began + 9 * STILL), None, "it went on");
        assert!(still.look(seen(3), began + 11 * STILL).is_some(), "and stands still again");
    }

    #[test]
    fn only_who_cannot_go_on_by_itself_waits_for_us() {
        let judged = |all: &[Blocked]| {
            let numbered: Vec<_> = (2..).map(pid).zip(all.iter().copied()).collect();
            judge(&numbered).map(|(pid, on)| (pid.as_raw_nonzero().get(), on))
        };
        use Blocked::{Another, Busy, Pipe, Terminal, Unknown};
        assert_eq!(judged(&[Another, Pipe]), Some((3, WaitsFor::Pipe)));
        assert_eq!(judged(&[Busy, Pipe]), None, "the sleeper may write");
        assert_eq!(judged(&[Busy, Terminal]), Some((3, WaitsFor::Terminal)));
        assert_eq!(judged(&[Pipe, Unknown]), Some((3, WaitsFor::Unknown)));
        assert_eq!(judged(&[Another, Another]), None);
        assert_eq!(judged(&[]), None);
    }

    #[test]
    fn what_is_read_from_is_known_by_its_name() {
        assert_eq!(source("/dev/pts/3"), Blocked::Terminal);
        assert_eq!(source("pipe:[123]"), Blocked::Pipe);
        assert_eq!(source("/tmp/door"), Blocked::Pipe);
        assert_eq!(source("socket:[7]"), Blocked::Busy);
    }
}
