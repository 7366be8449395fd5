//! The process table of macOS. Only compiled so far, never run.

use super::Row;
use rustix::process::{Pid, Signal, kill_process};
use std::{collections::BTreeMap, io};
use sysinfo::{
    Pid as Number, Process, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System,
    UpdateKind,
};

/// This system has no such thing: what is left is found by its mark.
#[expect(clippy::unnecessary_wraps, reason = "other systems may refuse")]
pub(in super::super) fn adopt_orphans() -> io::Result<()> {
    Ok(())
}

pub(in super::super) fn table() -> BTreeMap<i32, Row> {
    let all = look(ProcessesToUpdate::All, ProcessRefreshKind::nothing());
    let rows = all.iter().flat_map(System::processes);
    rows.filter_map(|(pid, it)| Some((number(*pid)?, told(it)))).collect()
}

pub(in super::super) fn row(pid: i32) -> Option<Row> {
    one(pid, ProcessRefreshKind::nothing(), told)
}

/// Whether this is in the environment that the process was started with.
pub(in super::super) fn is_marked(pid: i32, entry: &str) -> bool {
    let environment = ProcessRefreshKind::nothing().with_environ(UpdateKind::Always);
    one(pid, environment, |it| it.environ().iter().any(|it| it == entry)).unwrap_or(false)
}

/// Signals the process, unless its number belongs to another one by now. Between the look and
/// the signal it could still be given away.
pub(in super::super) fn signal(pid: i32, started: u64, signal: Signal) {
    let is_it = row(pid).is_some_and(|row| row.started == started);
    if let Some(pid) = Pid::from_raw(pid).filter(|_| is_it) {
        let _already_gone = kill_process(pid, signal);
    }
}

fn look(which: ProcessesToUpdate<'_>, what: ProcessRefreshKind) -> Option<System> {
    let mut system = System::new().ok()?;
    system.refresh_processes_specifics(which, true, what);
    Some(system)
}

fn one<T>(pid: i32, what: ProcessRefreshKind, tell: impl Fn(&Process) -> T) -> Option<T> {
    let pid = Number::from_u32(u32::try_from(pid).ok()?);
    look(ProcessesToUpdate::Some(&[pid]), what)?.process(pid).map(tell)
}

fn told(it: &Process) -> Row {
    Row {
        parent: it.parent().and_then(number).unwrap_or(0),
        session: it.session_id().and_then(number).unwrap_or(0),
        started: it.start_time(),
        zombie: it.status() == ProcessStatus::Zombie,
    }
}

fn number(pid: Number) -> Option<i32> {
    i32::try_from(pid.as_u32()).ok()
}
