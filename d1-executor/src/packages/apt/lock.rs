//! Who holds a lock of the package database: read from the kernel's own table.

use crate::facts::Host;
use std::path::{Path, PathBuf};

/// A process that holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    /// Its process id.
    pub(crate) pid: u32,
    /// What it is called.
    pub(crate) command: String,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (pid {})", self.command, self.pid)
    }
}

/// Whoever holds the first of these locks that is held.
pub(crate) fn holder_of(host: &Host, locks: &[PathBuf]) -> Option<Holder> {
    let table = host.read("/proc/locks")?;
    let pid = locks.iter().find_map(|lock| pid_in(&table, &identity(lock)?))?;
    Some(Holder { pid, command: command_of(host, pid) })
}

/// Device and inode as `/proc/locks` writes them: `fd:01:1234`.
#[cfg(target_os = "linux")]
fn identity(file: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    let meta = std::fs::metadata(file).ok()?;
    let device = meta.dev();
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    Some(Identity { device: format!("{major:02x}:{minor:02x}"), inode: meta.ino() })
}

#[cfg(not(target_os = "linux"))]
fn identity(_file: &Path) -> Option<Identity> {
    None
}

struct Identity {
    device: String,
    inode: u64,
}

/// `1: POSIX  ADVISORY  WRITE 2180 fd:01:1234 0 EOF`
fn pid_in(table: &str, file: &Identity) -> Option<u32> {
    let row = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().filter(|word| *word != "->").collect();
        let place = fields.iter().position(|word| word.matches(':').count() == 2)?;
        let (device, inode) = fields.get(place)?.rsplit_once(':')?;
        let is_it = inode.parse() == Ok(file.inode) && device == file.device;
        let pid: u32 = fields.get(place.checked_sub(1)?)?.parse().ok()?;
        is_it.then_some(pid)
    };
    table.lines().find_map(row)
}

/// The kernel's short name of a process; for an interpreter, the script it runs.
fn command_of(host: &Host, pid: u32) -> String {
    let short = host.read(&format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned();
    let line = host.read(&format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let mut words = line.split('\0').filter(|word| !word.is_empty());
    let program = words.next().map(base_of).unwrap_or_default();
    let interpreter =
        ["python", "perl", "ruby", "bash", "dash"].iter().any(|name| program.starts_with(name));
    let script = words.find(|word| word.starts_with('/')).filter(|_| interpreter).map(base_of);
    match script {
        // The name the kernel shows is the script's own when it was set by the script.
        Some(script) if short.starts_with(program) || short.is_empty() => script.to_owned(),
        Some(_) | None if !short.is_empty() => short,
        Some(_) | None => "an unknown process".to_owned(),
    }
}

fn base_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_found_by_device_and_inode() {
        let table = "1: POSIX  ADVISORY  WRITE 41 08:01:77 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 42 fd:01:78 0 EOF\n\
                     2: -> POSIX  ADVISORY  WRITE 43 fd:01:79 0 EOF\n\
                     3: POSIX  ADVISORY  WRITE 44 fd:02:77 0 EOF\n";
        let find = |device: &str, inode| pid_in(table, &Identity { device: device.into(), inode });
        assert_eq!(find("fd:01", 78), Some(42));
        assert_eq!(find("fd:02", 77), Some(44));
        assert_eq!(find("fd:02", 78), None);
    }
}
