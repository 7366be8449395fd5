//! The first process of a sandbox, as seen from outside.

use super::{cgroup::Group, slot::Slot};
use crate::sandbox::reap;
use rustix::process::{Signal, pidfd_send_signal};
use std::os::fd::OwnedFd;

/// The first process of a sandbox. Dropping this ends everything in it, unless it is to outlive
/// us: a package manager that is cut off leaves packages half configured.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) pid: i32,
    pub(super) handle: Option<OwnedFd>,
    /// Closing it ends everything, too.
    pub(super) life: Option<OwnedFd>,
    pub(super) group: Option<Group>,
    pub(super) outlives: bool,
    /// The user of its command, once there is one.
    pub(super) slot: Option<Slot>,
}

impl Drop for Root {
    fn drop(&mut self) {
        self.life = None;
        if self.outlives {
            return;
        }
        if let Some(handle) = self.handle.take() {
            let _gone = pidfd_send_signal(&handle, Signal::KILL);
            if let Some(group) = &self.group {
                group.kill();
            }
            let _reaped = reap(self.pid);
        }
    }
}
