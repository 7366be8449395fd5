//! Whether a person sits at the other end of the local socket: by the kernel's word about the
//! process, and never by its own.
//!
//! A yes at the machine is one that is typed. A program that is given no terminal gives none;
//! neither does whatever this daemon runs itself, terminal or not.

use std::{fs, io};

/// How many parents are looked at: far more than any shell is deep.
const DEEPEST: usize = 256;

/// What the kernel tells of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Process {
    parent: i32,
    group: i32,
    /// The terminal that it has; 0 when it has none.
    terminal: i32,
    /// The group of processes to which that terminal speaks.
    in_front: i32,
}

/// Whether the process `pid` has a terminal, is the one that it speaks to, and was not begun by
/// this process. Where the kernel does not tell, nobody is taken for a person.
pub(crate) fn sits_at_a_terminal(pid: Option<i32>) -> bool {
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let is_one = |pid| -> io::Result<bool> {
        let asked = process(pid)?;
        Ok(asked.terminal != 0 && asked.in_front == asked.group && !is_below(pid, own)?)
    };
    pid.is_some_and(|pid| is_one(pid).unwrap_or(false))
}

/// Whether `pid` is `own`, or was begun by it, or by what it began.
fn is_below(pid: i32, own: i32) -> io::Result<bool> {
    let mut at = pid;
    for _ in 0..DEEPEST {
        if at == own {
            return Ok(true);
        }
        if at <= 1 {
            return Ok(false);
        }
        at = process(at)?.parent;
    }
    Ok(true)
}

fn process(pid: i32) -> io::Result<Process> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    read(&text).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The fields after the name, which may have anything in it, parentheses too (proc_pid_stat(5)).
fn read(stat: &str) -> Option<Process> {
    let (_name, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(1).map(|field| field.parse().ok());
    let mut next = || fields.next().flatten();
    let (parent, group, _session) = (next()?, next()?, next()?);
    Some(Process { parent, group, terminal: next()?, in_front: next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_tells_is_read_whatever_a_process_is_called() {
        let stat = "12 (a) 1 2 3) R) S 7 12 12 34816 12 4194304 98 0";
        let process = Process { parent: 7, group: 12, terminal: 34816, in_front: 12 };
        assert_eq!(read(stat), Some(process));
        assert_eq!(read("12 (a) S 7"), None);
    }

    #[test]
    fn nobody_is_a_person_who_is_unknown_or_was_begun_here() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(!sits_at_a_terminal(None));
        assert!(!sits_at_a_terminal(Some(own)), "whoever asks is below itself");
        assert!(is_below(own, own).unwrap());
        assert!(!is_below(process(own).unwrap().parent, own).unwrap());
        assert!(!sits_at_a_terminal(Some(i32::MAX)), "there is no such process");
    }
}
