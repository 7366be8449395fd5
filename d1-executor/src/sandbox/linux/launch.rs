//! From an order to a first process that reads it.

use super::{
    cgroup::Group,
    child::{Child, LENT, MOST, MOST_LENT, main},
    clone::clone,
    door,
    lend::lend,
    order::{Mode, Order},
    root::Root,
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
    collections::{BTreeMap, btree_map::Entry},
    fs::{self, File},
    io::{self, BufReader},
    os::{
        fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd, RawFd},
        linux::fs::MetadataExt as _,
    },
};

/// A number above all places of the child's descriptors.
const ABOVE: RawFd = MOST as RawFd;

/// A first process, and what it tells.
pub(super) struct Launched {
    pub(super) root: Root,
    pub(super) words: BufReader<File>,
    /// Where the sockets of its network come from, when it has one.
    pub(super) door: Option<OwnedFd>,
}

/// Starts `order`, with words to `stdout` and `stderr`, in a group if there can be one.
pub(super) fn launch(
    mut order: Order,
    stdout: BorrowedFd<'_>,
    stderr: BorrowedFd<'_>,
) -> Result<Launched, SandboxError> {
    let slot = match order.mode {
        Mode::Root if order.packages => None,
        Mode::Root => Some(Slot::take().map_err(doing("reserve a user for the task"))?),
        Mode::Rootless | Mode::Bare => None,
    };
    if let Some(slot) = &slot {
        order.user = (slot.user, slot.user);
    }
    let lent = lent(&mut order)?;
    let group = Group::make(&order.limits);
    let null = File::open("/dev/null").map_err(doing("open /dev/null"))?;
    let door = order.network.is_some().then(door::pair).transpose();
    let (door, theirs) = door.map_err(doing("make a pair of sockets"))?.unzip();
    if let Some(network) = &mut order.network {
        network.through = LENT + i32::try_from(lent.len()).unwrap_or(i32::MAX - LENT);
    }
    let order_file = order.seal().map_err(doing("write its order"))?;
    let (words, say) = pipe().map_err(doing("make a pipe"))?;
    let (live, life) = pipe().map_err(doing("make a pipe"))?;
    let mut fds = vec![null.as_fd(), stdout, stderr, order_file.as_fd(), say.as_fd(), live.as_fd()];
    fds.extend(lent.iter().chain(&theirs).map(OwnedFd::as_fd));
    let (mut child, _kept) = child(&fds, order.mode).map_err(doing("place its descriptors"))?;
    let flags = flags(&order) | libc::CLONE_VFORK;
    let handle = group.as_ref().ok().map(Group::handle);
    let cloned = clone(flags, handle, main, &mut child).map_err(no_namespaces)?;
    if child.failed.1 != 0 {
        let _reaped = reap(cloned.pid);
        let (step, errno) = child.failed;
        return Err(doing(step)(io::Error::from_raw_os_error(errno)));
    }
    let words = BufReader::new(File::from(words));
    let handle = Some(cloned.handle);
    let outlives = order.packages;
    let root = Root {
        pid: cloned.pid,
        handle,
        life: Some(life),
        group: group.ok(),
        outlives,
        _slot: slot,
    };
    Ok(Launched { root, words, door })
}

/// Lends every writable place to the task's user; gives back what lends.
fn lent(order: &mut Order) -> Result<Vec<OwnedFd>, SandboxError> {
    let mut maps: BTreeMap<(u32, u32), OwnedFd> = BTreeMap::new();
    let mut all = Vec::new();
    order.lent = vec![None; order.view.write.len()];
    if order.mode != Mode::Root || order.packages {
        return Ok(all);
    }
    for (at, place) in order.view.write.iter().enumerate() {
        let failed =
            |source: io::Error| SandboxError::Path { path: place.clone(), why: source.to_string() };
        let it = fs::symlink_metadata(place).map_err(failed)?;
        let owner = (it.st_uid(), it.st_gid());
        let map = match maps.entry(owner) {
            Entry::Occupied(made) => made.into_mut(),
            Entry::Vacant(place) => {
                place.insert(lend(owner, order.user).map_err(doing("lend files"))?)
            }
        };
        all.push(map.try_clone().map_err(failed)?);
        order.lent[at] = LENT.checked_add(i32::try_from(at).unwrap_or(i32::MAX));
    }
    if all.len() > MOST_LENT {
        let why = format!("at most {MOST_LENT} places can be given at once");
        return Err(SandboxError::SetUp { doing: "lend files".into(), why });
    }
    Ok(all)
}

fn flags(order: &Order) -> i32 {
    let namespaces = libc::CLONE_NEWPID
        | libc::CLONE_NEWNS
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWCGROUP
        | libc::CLONE_NEWNET;
    match order.mode {
        // What packages are brought from is reached over the machine's own network.
        Mode::Root if order.packages => namespaces & !libc::CLONE_NEWNET,
        Mode::Root => namespaces,
        Mode::Rootless => namespaces | libc::CLONE_NEWUSER,
        Mode::Bare => 0,
    }
}

/// What the child works with, and the descriptors that have to stay open for it.
fn child(fds: &[BorrowedFd<'_>], mode: Mode) -> io::Result<(Child, Vec<OwnedFd>)> {
    let mut descriptors = [-1; MOST];
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
    Ok((Child { descriptors, count: fds.len(), maps, failed: ("", 0) }, kept))
}

/// The line that maps a number to itself.
fn itself(number: u32) -> ([u8; 64], usize) {
    let line = format!("{number} {number} 1\n");
    let mut bytes = [0; 64];
    bytes[..line.len()].copy_from_slice(line.as_bytes());
    (bytes, line.len())
}
