//! What walls were put up on, to see later whether it is so still.

use super::shape::Shape;
use crate::sandbox::places::MERGED;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::{
    fs::{self, File},
    io,
    os::{
        fd::{AsFd as _, BorrowedFd},
        unix::fs::MetadataExt as _,
    },
    path::{Path, PathBuf},
};

/// The list of users, of which each command has its own copy.
const USERS: &str = "/etc/passwd";
/// Tells when the mounts of this process change (`proc_pid_mountinfo(5)`).
const MOUNTS: &str = "/proc/self/mountinfo";

/// The mounts of the machine, and what its places lead to.
#[derive(Debug)]
pub(super) struct Ground {
    mounts: File,
    for_others: File,
    found: Vec<(PathBuf, Found)>,
}

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    /// Whatever is in it now is seen by whoever looks: on which device it is, and its number.
    Folder(u64, u64),
    /// Likewise, with its size, and when it was changed.
    Other(u64, u64, u64, i64, i64),
}

impl Ground {
    /// That of walls of this `shape`, before they go up.
    pub(super) fn of(shape: &Shape) -> io::Result<Self> {
        let links = MERGED.iter().map(|name| Path::new("/").join(name));
        let places = shape.places().map(Path::to_path_buf).chain(links);
        Self::under(places.chain([PathBuf::from(USERS)]))
    }

    fn under(places: impl Iterator<Item = PathBuf>) -> io::Result<Self> {
        // First: what changes from now on is noticed.
        let (mounts, for_others) = (File::open(MOUNTS)?, File::open(MOUNTS)?);
        let found = places.map(|path| {
            let found = find(&path);
            (path, found)
        });
        Ok(Self { mounts, for_others, found: found.collect() })
    }

    /// Whether it is as it was. Asked once: a change of mounts is told a single time.
    pub(super) fn is_as_it_was(&self) -> bool {
        let at_once = Timespec::default();
        let mut mounts = [PollFd::new(&self.mounts, PollFlags::PRI)];
        let none = poll(&mut mounts, Some(&at_once)).is_ok_and(|changed| changed == 0);
        none && self.found.iter().all(|(path, found)| find(path) == *found)
    }

    /// Where changes of mounts from then on are told to somebody else.
    pub(super) fn mounts(&self) -> BorrowedFd<'_> {
        self.for_others.as_fd()
    }
}

fn find(path: &Path) -> Found {
    match fs::symlink_metadata(path) {
        Ok(it) if it.is_dir() => Found::Folder(it.dev(), it.ino()),
        Ok(it) => Found::Other(it.dev(), it.ino(), it.size(), it.ctime(), it.ctime_nsec()),
        Err(_) => Found::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_changes_at_a_place_is_noticed_and_what_changes_in_a_folder_is_not() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        type Change = fn(&Path);
        let changes: [(&str, Change); 5] = [
            ("folder", |path| {
                fs::rename(path, path.with_extension("old")).unwrap();
                fs::create_dir(path).unwrap();
            }),
            ("file", |path| fs::write(path, "two").unwrap()),
            ("absent", |path| fs::create_dir(path).unwrap()),
            ("gone", |path| fs::remove_file(path).unwrap()),
            ("link", |path| {
                fs::remove_file(path).unwrap();
                std::os::unix::fs::symlink("/usr", path).unwrap();
            }),
        ];
        fs::create_dir(at("folder")).unwrap();
        ["file", "gone"].iter().for_each(|name| fs::write(at(name), "one").unwrap());
        std::os::unix::fs::symlink("/etc", at("link")).unwrap();
        for (name, change) in changes {
            let ground = Ground::under(changes.iter().map(|(name, _)| at(name))).unwrap();
            fs::write(at("folder/within"), name).unwrap();
            assert!(ground.is_as_it_was(), "before {name} changes");
            change(&at(name));
            assert!(!ground.is_as_it_was(), "{name} has changed");
        }
    }
}
