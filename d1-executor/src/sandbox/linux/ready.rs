//! A first process that has not been told yet what to do.
//!
//! 1. Everything that is alike for all commands is done: its namespaces, its execution of this
//!    program, its control group. That is most of what a start takes.
//! 2. It sees no more of us than two ends of pipes and one of a pair of sockets. Its order comes
//!    with the descriptors that belong to it, once.
//! 3. It has no mounts of its own yet. So it keeps no file system from being taken away, and
//!    sees those that come later.
//! 4. Where one command is like another, the walls of the next go up ahead, too. It takes them
//!    if it is of their shape, and they stand on what is so still. When the mounts of the
//!    machine change, the process ends by itself, and with it what it keeps.

use super::{
    cgroup::Group,
    child::{Child, main},
    clone::clone,
    ground::Ground,
    order::{Mode, Order},
    rights,
    root::Root,
    shape::Shape,
    slot::Slot,
    trouble::{doing, no_namespaces},
};
use crate::sandbox::{
    port::{SandboxError, pipe},
    reap,
};
use rustix::{
    io::fcntl_dupfd_cloexec,
    process::{getegid, geteuid},
};
use std::{
    fs::File,
    io::{self, BufReader},
    os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd, RawFd},
};

/// A number above all places of the child's descriptors.
const ABOVE: RawFd = Child::PLACES as RawFd;

/// What taking a user for a task is called when it fails.
pub(super) const RESERVE: &str = "reserve a user for the task";

/// A first process that waits for its order.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) root: Root,
    pub(super) words: BufReader<File>,
    /// Where its order goes.
    pub(super) post: OwnedFd,
    /// The walls that are up, or go up.
    walls: Option<(Shape, Ground)>,
}

impl Ready {
    /// Makes one; in the open, it has the network of the machine.
    pub(super) fn make(mode: Mode, in_the_open: bool) -> Result<Self, SandboxError> {
        let group = Group::make().ok();
        let null = File::open("/dev/null").map_err(doing("open /dev/null"))?;
        let (post, order) = rights::pair().map_err(doing("make a pair of sockets"))?;
        let (words, say) = pipe().map_err(doing("make a pipe"))?;
        let (live, life) = pipe().map_err(doing("make a pipe"))?;
        let null = null.as_fd();
        let fds = [null, null, null, order.as_fd(), say.as_fd(), live.as_fd()];
        let (mut child, _kept) = child(fds, mode).map_err(doing("place its descriptors"))?;
        let flags = flags(mode, in_the_open) | libc::CLONE_VFORK;
        let handle = group.as_ref().map(Group::handle);
        let cloned = clone(flags, handle, main, &mut child).map_err(no_namespaces)?;
        if child.failed.1 != 0 {
            let _reaped = reap(cloned.pid);
            let (step, errno) = child.failed;
            return Err(doing(step)(io::Error::from_raw_os_error(errno)));
        }
        let root = Root {
            pid: cloned.pid,
            handle: Some(cloned.handle),
            life: Some(life),
            group,
            outlives: false,
            slot: None,
        };
        Ok(Self { root, words: BufReader::new(File::from(words)), post, walls: None })
    }

    /// Has walls of this shape put up.
    pub(super) fn put_up(&mut self, shape: Shape, mode: Mode) -> Result<(), SandboxError> {
        let slot = (mode == Mode::Root).then(Slot::take).transpose().map_err(doing(RESERVE))?;
        let ground = Ground::of(&shape).map_err(doing("look at the machine"))?;
        let order = shape.order(slot.as_ref().map(|slot| slot.user));
        let sealed = order.seal().map_err(doing("write its order"))?;
        let all = [sealed.as_fd(), ground.mounts()];
        rights::send(&all, &self.post).map_err(|error| doing("give its order")(error.into()))?;
        (self.root.slot, self.walls) = (slot, Some((shape, ground)));
        Ok(())
    }

    /// Whether its walls are up, or go up.
    pub(super) const fn has_walls(&self) -> bool {
        self.walls.is_some()
    }

    /// Whether it will do for this order.
    pub(super) fn suits(&self, order: &Order) -> bool {
        let Some((shape, ground)) = &self.walls else { return true };
        Shape::of(order).as_ref() == Some(shape) && ground.is_as_it_was()
    }
}

/// The namespaces it has from the beginning.
fn flags(mode: Mode, in_the_open: bool) -> i32 {
    let namespaces = libc::CLONE_NEWPID
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWCGROUP
        | libc::CLONE_NEWNET;
    match mode {
        Mode::Root if in_the_open => namespaces & !libc::CLONE_NEWNET,
        Mode::Root => namespaces,
        Mode::Rootless => namespaces | libc::CLONE_NEWUSER,
        Mode::Bare => 0,
    }
}

/// What the child works with, and the descriptors that have to stay open for it.
fn child(fds: [BorrowedFd<'_>; Child::PLACES], mode: Mode) -> io::Result<(Child, Vec<OwnedFd>)> {
    let mut descriptors = [-1; Child::PLACES];
    let mut kept = Vec::new();
    for (place, fd) in descriptors.iter_mut().zip(fds) {
        let above = fcntl_dupfd_cloexec(fd, ABOVE)?;
        *place = above.as_raw_fd();
        kept.push(above);
    }
    let maps = (mode == Mode::Rootless).then(|| {
        let ((users, users_len), (groups, groups_len)) =
            (itself(geteuid().as_raw()), itself(getegid().as_raw()));
        (users, users_len, groups, groups_len)
    });
    Ok((Child { descriptors, maps, failed: ("", 0) }, kept))
}

/// The line that maps a number to itself.
fn itself(number: u32) -> ([u8; 64], usize) {
    let line = format!("{number} {number} 1\n");
    let mut bytes = [0; 64];
    bytes[..line.len()].copy_from_slice(line.as_bytes());
    (bytes, line.len())
}
