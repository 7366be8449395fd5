//! Lends the files of one owner to a task user: an id-mapped mount shows them as the task's
//! own, and what the task makes there belongs to the owner on disk.
//!
//! The kernel takes the map from a user namespace. It is made by a child that exists only
//! until we hold a handle on its namespace.

use super::clone::clone;
use crate::sandbox::reap;
use std::{fs, io, os::fd::OwnedFd};

/// The map that shows files of `owner` (user, group) as those of `task`.
pub(super) fn lend(owner: (u32, u32), task: (u32, u32)) -> io::Result<OwnedFd> {
    let child = clone(libc::CLONE_NEWUSER, None, stay, &mut ())?;
    let made = (|| {
        let file = |name| format!("/proc/{}/{name}", child.pid);
        fs::write(file("uid_map"), format!("{} {} 1\n", owner.0, task.0))?;
        fs::write(file("gid_map"), format!("{} {} 1\n", owner.1, task.1))?;
        Ok(fs::File::open(file("ns/user"))?.into())
    })();
    let _ended = rustix::process::pidfd_send_signal(&child.handle, rustix::process::Signal::KILL);
    reap(child.pid)?;
    made
}

/// Does nothing, in our memory, until it is killed.
extern "C" fn stay(_nothing: *mut ()) -> ! {
    loop {
        // SAFETY: a call without arguments; every signal is blocked, so it does not return.
        unsafe { libc::pause() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd as _;

    #[test]
    fn the_map_outlives_the_child_that_it_was_taken_from() {
        let map = lend((0, 0), (2_144_403_456, 2_144_403_456)).unwrap();
        let place = fs::read_link(format!("/proc/self/fd/{}", map.as_raw_fd())).unwrap();
        assert!(place.to_string_lossy().starts_with("user:["), "{}", place.display());
        assert_ne!(place, fs::read_link("/proc/self/ns/user").unwrap());
    }
}
