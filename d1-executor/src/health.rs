//! How the machine is, read from the kernel: cheap, and never waits.

use d1_core::{Health, Timestamp};

/// Reads how the machine is. What cannot be read is zero.
#[must_use]
pub(crate) fn read(at: Timestamp) -> Health {
    Health {
        at,
        load: load().unwrap_or_default(),
        memory_available_bytes: memory_available().unwrap_or_default(),
        disk_free_bytes: disk_free().unwrap_or_default(),
        ..Health::default()
    }
}

fn load() -> Option<f64> {
    first_load(&std::fs::read_to_string("/proc/loadavg").ok()?)
}

fn memory_available() -> Option<u64> {
    available(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

#[cfg(unix)]
fn disk_free() -> Option<u64> {
    let stat = rustix::fs::statvfs("/var").ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(not(unix))]
fn disk_free() -> Option<u64> {
    None
}

fn first_load(loadavg: &str) -> Option<f64> {
    loadavg.split_whitespace().next()?.parse().ok()
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_own_words_are_understood() {
        assert_eq!(first_load("0.52 0.58 0.59 1/467 12345\n"), Some(0.52));
        let meminfo = "MemTotal: 8000 kB\nMemAvailable:    2048 kB\n";
        assert_eq!(available(meminfo), Some(2048 * 1024));
        assert_eq!(available("nonsense"), None);
        assert_eq!(first_load(""), None);
    }
}
