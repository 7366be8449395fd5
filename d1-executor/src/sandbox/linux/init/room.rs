//! Notices when the command leaves too little room on a disk that it may change.
//!
//! Nobody has a share of a disk there, so what counts is what is left for all others, in bytes
//! and in files. A disk that was nearly full before is no reason to end a command: only one that
//! has become fuller since is.

use rustix::fs::{StatVfs, statvfs};
use std::{collections::BTreeMap, os::unix::fs::MetadataExt as _, path::PathBuf};

/// One part in so many of a disk is kept for others.
const PART_LEFT: u64 = 20;
/// Of a large disk so many bytes are enough: journals, logs and a person who cleans up need them.
const BYTES_LEFT: u64 = 4 << 30;
/// Likewise files.
const FILES_LEFT: u64 = 100_000;
/// Where less was left before, the command may still take one part in so many of it.
const PART_MORE: u64 = 8;

/// The disks of a command, as they were when it was first looked.
#[derive(Debug)]
pub(super) struct Room {
    places: Vec<PathBuf>,
    first: Option<BTreeMap<u64, Free>>,
}

/// What is left of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Free {
    bytes: Left,
    files: Left,
}

/// How much of how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Left {
    of: u64,
    left: u64,
}

impl Room {
    /// The disks that these places are on.
    pub(super) fn of(places: Vec<PathBuf>) -> Self {
        Self { places, first: None }
    }

    /// Whether one of them has become too full.
    pub(super) fn is_gone(&mut self) -> bool {
        let now = self.disks();
        let first = self.first.get_or_insert_with(|| now.clone());
        first.iter().any(|(disk, before)| now.get(disk).is_some_and(|now| before.leave(now)))
    }

    fn disks(&self) -> BTreeMap<u64, Free> {
        let look = |place: &PathBuf| {
            let disk = place.metadata().ok()?.dev();
            Some((disk, Free::of(&statvfs(place).ok()?)))
        };
        self.places.iter().filter_map(look).collect()
    }
}

impl Free {
    fn of(disk: &StatVfs) -> Self {
        let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
        Self {
            bytes: Left { of: bytes(disk.f_blocks), left: bytes(disk.f_bavail) },
            // Some count no files: they make room for them as long as there is any.
            files: Left { of: disk.f_files, left: disk.f_favail },
        }
    }

    fn leave(&self, now: &Self) -> bool {
        self.bytes.leaves(now.bytes, BYTES_LEFT) || self.files.leaves(now.files, FILES_LEFT)
    }
}

impl Left {
    /// Whether what is left `now` is too little, and less than before.
    fn leaves(self, now: Self, enough: u64) -> bool {
        let floor = (self.of / PART_LEFT).min(enough);
        now.left < floor.min(self.left.saturating_sub(floor / PART_MORE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn bytes(of: u64, before: u64, now: u64) -> bool {
        Left { of, left: before }.leaves(Left { of, left: now }, BYTES_LEFT)
    }

    #[test]
    fn a_small_disk_keeps_a_twentieth_and_a_large_one_what_is_enough() {
        assert!(!bytes(40 * GIB, 30 * GIB, 2 * GIB));
        assert!(bytes(40 * GIB, 30 * GIB, 2 * GIB - 1));
        assert!(!bytes(4096 * GIB, 3000 * GIB, 4 * GIB));
        assert!(bytes(4096 * GIB, 3000 * GIB, 4 * GIB - 1));
    }

    #[test]
    fn on_a_disk_that_was_full_before_a_command_runs_as_long_as_it_takes_little() {
        assert!(!bytes(40 * GIB, GIB, GIB));
        assert!(!bytes(40 * GIB, GIB, GIB - GIB / 4));
        assert!(bytes(40 * GIB, GIB, GIB - GIB / 4 - 1));
        assert!(!bytes(40 * GIB, 0, 0), "there is nothing left to take");
    }

    #[test]
    fn a_disk_that_counts_no_files_is_never_out_of_them() {
        let none = Left { of: 0, left: 0 };
        assert!(!none.leaves(none, FILES_LEFT));
    }

    #[test]
    fn a_disk_is_looked_at_through_any_of_its_folders() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone");
        let room = Room::of(vec![folder.path().to_path_buf(), folder.path().into(), gone]);
        assert_eq!(room.disks().len(), 1);
    }
}
