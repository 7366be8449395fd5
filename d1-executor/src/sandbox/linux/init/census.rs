//! Every process of the sandbox, and what it uses.

use rustix::process::Pid;
use std::fs;

/// A process as it is at one moment (`proc_pid_stat(5)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) pid: Pid,
    pub(super) threads: u64,
    /// Resident memory, in pages.
    pub(super) pages: u64,
    /// Processor time so far, in ticks.
    pub(super) ticks: u64,
    pub(super) state: State,
}

/// What its first thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It waits for something that may be interrupted.
    Sleeps,
    /// It has ended, and its parent has not asked how.
    Over,
    /// Anything else.
    Works,
}

impl Seen {
    /// Whether it has done nothing from then to now.
    pub(super) fn is_where_it_was(&self, now: &Self) -> bool {
        let doing = |seen: &Self| (seen.pid, seen.threads, seen.ticks);
        doing(self) == doing(now) && [self, now].iter().all(|seen| seen.state == State::Sleeps)
    }
}

/// Every process of the namespace but this one.
pub(super) fn processes() -> Vec<Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|number| *number != 1).filter_map(Pid::from_raw).collect()
}

/// All of them, as they are now.
pub(super) fn census() -> Vec<Seen> {
    processes().into_iter().filter_map(see).collect()
}

fn see(pid: Pid) -> Option<Seen> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    parse(pid, &stat)
}

fn parse(pid: Pid, stat: &str) -> Option<Seen> {
    // The name may hold anything, brackets too.
    let fields: Vec<&str> = stat[stat.rfind(')')? + 1..].split_whitespace().collect();
    let number =
        |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    Some(Seen {
        pid,
        threads: number(17),
        pages: number(21),
        ticks: number(11) + number(12),
        state: match fields.first() {
            Some(&"S") => State::Sleeps,
            Some(&"Z" | &"X") => State::Over,
            Some(_) | None => State::Works,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_kernel_is_read_whatever_the_process_calls_itself() {
        let pid = Pid::from_raw(7).unwrap();
        let line = "7 (a) S (b) S 1 7 7 0 -1 4194304 90 0 0 0 5 6 0 0 20 0 3 0 100 4000 88 18446744073709551615";
        let seen = Seen { pid, threads: 3, pages: 88, ticks: 11, state: State::Sleeps };
        assert_eq!(parse(pid, line), Some(seen));
        assert_eq!(parse(pid, &line.replace(") S 1", ") Z 1")).unwrap().state, State::Over);
        assert_eq!(parse(pid, ""), None);
    }
}
