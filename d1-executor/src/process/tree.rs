//! A program's whole tree of processes, and its end.
//!
//! A process belongs to the tree when it descends from the program, is in its session, or
//! has the task's marker in its environment. We are made the reaper of orphans, so a process
//! that cuts itself loose by forking twice becomes our child instead of disappearing.
//!
//! 1. Everything found is stopped, so that nothing new is born; look again until nothing is.
//! 2. Everything is killed, stopped or not.
//! 3. Wait until nothing is left.

use super::table::{self, Row, is_marked, row, signal, table};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpid, waitid};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The variable that marks every process of a task.
pub(crate) const MARKER: &str = "D1_TASK";
/// How often the tree is looked through before it counts as found.
const ROUNDS: usize = 64;
/// How long a killed process may take to be gone.
const GONE_WITHIN: Duration = Duration::from_secs(5);
/// Between two looks at whether it is.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Makes this process the reaper of orphans, once: what a command leaves behind becomes our
/// child and can be found.
pub fn adopt_orphans() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        if let Err(error) = table::adopt_orphans() {
            tracing::warn!(%error, "orphans cannot be adopted; some may escape");
        }
    });
}

/// Whether there may be processes of ours at all: one call, where a look through the process
/// table takes hundreds.
pub(super) fn maybe_some() -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    waitid(WaitId::All, look).is_ok()
}

/// Kills every process of the tree, and tells which could not be killed.
pub(crate) async fn kill(root: i32, marker: &str) -> Vec<i32> {
    let mut found = BTreeMap::new();
    for _ in 0..ROUNDS {
        let fresh: Vec<(i32, u64)> = members(root, marker)
            .into_iter()
            .filter(|(pid, started)| found.get(pid) != Some(started))
            .collect();
        if fresh.is_empty() {
            break;
        }
        for (pid, started) in fresh {
            signal(pid, started, Signal::STOP);
            found.insert(pid, started);
        }
    }
    for (pid, started) in &found {
        signal(*pid, *started, Signal::KILL);
    }
    let deadline = Instant::now() + GONE_WITHIN;
    loop {
        let left: Vec<i32> = members(root, marker).keys().copied().collect();
        reap(found.keys().filter(|pid| **pid != root));
        if left.is_empty() || Instant::now() > deadline {
            return left;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Waits until no process with this marker lives any more, for at most `patience`.
pub(crate) async fn until_gone(marker: &str, patience: Duration) {
    const LOOK_EVERY: Duration = Duration::from_millis(50);
    let lives = || {
        table()
            .keys()
            .any(|pid| is_marked(*pid, &entry(marker)) && row(*pid).is_some_and(|row| !row.zombie))
    };
    let gone = async {
        while lives() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    // One that outlives even that is found by whoever looks at its effects.
    let _in_time = tokio::time::timeout(patience, gone).await;
}

/// Asks every process of the tree to end.
pub(super) fn terminate(root: i32, marker: &str) {
    for (pid, started) in members(root, marker) {
        signal(pid, started, Signal::TERM);
        // One that is stopped hears nothing until it goes on.
        signal(pid, started, Signal::CONT);
    }
}

/// Lets the rest of the tree live, and remembers to reap it when it has ended.
pub(super) fn leave(root: i32, marker: &str) {
    static LEFT: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());
    let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
    let done: Vec<i32> = left.iter().copied().filter(|pid| !still_ours(*pid)).collect();
    for pid in done {
        left.remove(&pid);
    }
    left.extend(members(root, marker).keys());
}

fn still_ours(pid: i32) -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    // `None`: alive. Otherwise it is reaped now, or was never a child of ours.
    Pid::from_raw(pid).is_some_and(|pid| matches!(waitid(WaitId::Pid(pid), look), Ok(None)))
}

fn reap<'a>(pids: impl Iterator<Item = &'a i32>) {
    for pid in pids {
        let _alive_or_not_ours = still_ours(*pid);
    }
}

/// The living processes of the tree, but for the root's own zombie, which its runner reaps.
fn members(root: i32, marker: &str) -> BTreeMap<i32, u64> {
    let table = table();
    let us = getpid().as_raw_nonzero().get();
    let in_tree = |pid: i32, row: &Row| {
        pid == root
            || row.session == root
            || descends(pid, root, &table)
            || (is_ours(row.parent, us, &table) && is_marked(pid, &entry(marker)))
    };
    table
        .iter()
        .filter(|(pid, row)| !row.zombie && in_tree(**pid, row))
        .map(|(pid, row)| (*pid, row.started))
        .collect()
}

/// What a marked process has in its environment.
fn entry(marker: &str) -> String {
    format!("{MARKER}={marker}")
}

/// Whether the line of parents from `parent` leads to us: only such processes are marked.
fn is_ours(parent: i32, us: i32, table: &BTreeMap<i32, Row>) -> bool {
    parent == us || descends(parent, us, table)
}

fn descends(pid: i32, ancestor: i32, table: &BTreeMap<i32, Row>) -> bool {
    let mut at = pid;
    // A table read while processes come and go may have a loop in it.
    for _ in 0..table.len() {
        match table.get(&at) {
            Some(row) if row.parent == ancestor => return true,
            Some(row) if row.parent > 1 => at = row.parent,
            Some(_) | None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_in_the_table_ends() {
        let row = |parent| Row { parent, session: 0, started: 0, zombie: false };
        let table = BTreeMap::from([(5, row(6)), (6, row(5))]);
        assert!(!descends(5, 99, &table));
    }
}
