//! The process table of Linux (`proc(5)`).

use super::Row;
use rustix::process::{
    Pid, PidfdFlags, Signal, getpid, pidfd_open, pidfd_send_signal, set_child_subreaper,
};
use std::{collections::BTreeMap, fs, io};

/// Has those who lose their parent become our children.
pub(in super::super) fn adopt_orphans() -> io::Result<()> {
    Ok(set_child_subreaper(Some(getpid()))?)
}

pub(in super::super) fn table() -> BTreeMap<i32, Row> {
    let Ok(entries) = fs::read_dir("/proc") else { return BTreeMap::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: i32| Some((pid, row(pid)?))).collect()
}

pub(in super::super) fn row(pid: i32) -> Option<Row> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// `proc_pid_stat(5)`; the name in parentheses may itself have any character in it.
fn parse(stat: &str) -> Option<Row> {
    let rest = &stat[stat.rfind(')')? + 1..];
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let session = fields.nth(1)?.parse().ok()?;
    let started = fields.nth(15)?.parse().ok()?;
    Some(Row { parent, session, started, zombie: matches!(state, "Z" | "X") })
}

/// Whether this is in the environment that the process was started with.
pub(in super::super) fn is_marked(pid: i32, entry: &str) -> bool {
    fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|env| env.split(|byte| *byte == 0).any(|it| it == entry.as_bytes()))
}

/// Signals the process, unless its number belongs to another one by now.
pub(in super::super) fn signal(pid: i32, started: u64, signal: Signal) {
    let Some(handle) = Pid::from_raw(pid).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok())
    else {
        return;
    };
    // The handle is fixed to one process: if that one began at the right time, it is ours.
    if row(pid).is_some_and(|row| row.started == started) {
        let _already_gone = pidfd_send_signal(&handle, signal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_confuse_the_table() {
        let stat = "42 (a) b (c)) S 7 42 9 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 1 2\n";
        let expected = Row { parent: 7, session: 9, started: 12345, zombie: false };
        assert_eq!(parse(stat), Some(expected));
        assert_eq!(parse("nonsense"), None);
        assert_eq!(parse("1 (x) Z"), None);
    }
}
