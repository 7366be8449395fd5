//! What the kernel keeps in memory for the open files of a process: nobody's page counts it.
//!
//! A pipe and a socket hold what nobody has read yet, and a file without a name holds all that
//! was written to it. Where there is a memory controller the kernel counts them itself; here they
//! are counted everywhere, so that a bound means the same on every machine.

use rustix::process::Pid;
use std::{collections::BTreeSet, fs, os::unix::fs::MetadataExt as _, path::Path};

/// What a pipe holds at most when its user has many (`pipe(7)`); those before that hold 64 MiB
/// together.
const PIPE: u64 = 2 * 4096;
/// What a socket holds at most, unless somebody asks for more (`socket(7)`).
const SOCKET: u64 = 208 << 10;
/// The unit of `st_blocks` (`stat(2)`).
const BLOCK: u64 = 512;
/// Segments of shared memory, each with what it holds.
const SEGMENTS: &str = "/proc/sysvipc/shm";

/// Bytes that the kernel keeps for these processes, beside their pages.
pub(super) fn held(all: impl Iterator<Item = Pid>) -> u64 {
    let mut counted = BTreeSet::new();
    let segments = fs::read_to_string(SEGMENTS).map_or(0, |table| segments(&table));
    all.fold(segments, |sum, pid| sum.saturating_add(of(pid, &mut counted)))
}

fn of(pid: Pid, counted: &mut BTreeSet<u64>) -> u64 {
    let folder = format!("/proc/{}/fd", pid.as_raw_nonzero());
    let Ok(entries) = fs::read_dir(&folder) else {
        // Whoever hides them is taken for the worst. Their number is told all the same (Linux 6.2).
        return fs::metadata(folder).map_or(0, |hidden| hidden.len().saturating_mul(SOCKET));
    };
    entries.flatten().fold(0, |sum, entry| sum.saturating_add(file(&entry.path(), counted)))
}

/// What one open file holds; one that several have is counted once.
fn file(entry: &Path, counted: &mut BTreeSet<u64>) -> u64 {
    let Ok(target) = fs::read_link(entry) else { return 0 };
    match target.to_string_lossy() {
        pipe if pipe.starts_with("pipe:") => PIPE,
        socket if socket.starts_with("socket:") => SOCKET,
        nameless if is_memory(&nameless) => match fs::metadata(entry) {
            Ok(found) if counted.insert(found.ino()) => found.blocks().saturating_mul(BLOCK),
            Ok(_) | Err(_) => 0,
        },
        _of_a_disk => 0,
    }
}

/// Whether it is a file that was never on any disk (`memfd_create(2)`, `mmap(2)`).
fn is_memory(target: &str) -> bool {
    target.starts_with("/memfd:") || target.starts_with("/dev/zero (deleted)")
}

/// The bytes of all segments (`sysvipc(5)`): resident ones and those that were put away.
fn segments(table: &str) -> u64 {
    let mut lines = table.lines();
    let names: Vec<&str> = lines.next().unwrap_or("").split_whitespace().collect();
    let of = |name: &str| names.iter().position(|other| *other == name);
    let columns = [of("rss"), of("swap")];
    let bytes = |line: &str| -> u64 {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let field = |at: &Option<usize>| fields.get((*at)?)?.parse::<u64>().ok();
        columns.iter().filter_map(field).sum()
    };
    lines.map(bytes).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{MemfdFlags, memfd_create};
    use std::{fs::File, io::Write as _, os::fd::AsRawFd as _};

    fn entry(file: &impl std::os::fd::AsRawFd) -> std::path::PathBuf {
        format!("/proc/self/fd/{}", file.as_raw_fd()).into()
    }

    #[test]
    fn a_file_without_a_name_counts_with_what_was_written_and_only_once() {
        let mut memory = File::from(memfd_create("hoard", MemfdFlags::CLOEXEC).unwrap());
        memory.write_all(&[7; 100_000]).unwrap();
        let mut counted = BTreeSet::new();
        let bytes = file(&entry(&memory), &mut counted);
        assert!((100_000..300_000).contains(&bytes), "{bytes}");
        assert_eq!(file(&entry(&memory), &mut counted), 0);
    }

    #[test]
    fn pipes_and_sockets_count_with_what_they_may_hold_and_files_of_disks_with_nothing() {
        let counted = &mut BTreeSet::new();
        let (pipe, _other) = std::io::pipe().unwrap();
        let (socket, _peer) = std::os::unix::net::UnixStream::pair().unwrap();
        let disk = tempfile::tempfile().unwrap();
        assert_eq!(file(&entry(&pipe), counted), PIPE);
        assert_eq!(file(&entry(&socket), counted), SOCKET);
        assert_eq!(file(&entry(&disk), counted), 0);
        assert!(disk.as_raw_fd() > 2);
    }

    #[test]
    fn segments_of_shared_memory_count_with_what_they_hold() {
        let table = "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap
         0          0   600               1048576  4711  4711      0     0     0     0     0          0          0 1790000000                 40960                  8192
         0          1   600               1048576  4711  4711      0     0     0     0     0          0          0 1790000000                     0                     0
";
        assert_eq!(segments(table), 40_960 + 8192);
        assert_eq!(segments(""), 0);
    }
}
