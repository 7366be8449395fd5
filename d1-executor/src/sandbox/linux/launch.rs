//! From an order to a first process that has it.

use super::{
    lend::lend,
    order::{Mode, Order},
    ready::{RESERVE, Ready},
    rights::{self, MOST_LENT},
    root::Root,
    slot::Slot,
    trouble::{doing, silent},
};
use crate::sandbox::{places::View, port::SandboxError};
use rustix::io::Errno;
use std::{
    collections::{BTreeMap, btree_map::Entry},
    fs::{self, File},
    io::{self, BufReader},
    os::{
        fd::{AsFd as _, BorrowedFd, OwnedFd},
        linux::fs::MetadataExt as _,
    },
};

/// A first process that has its order, and what it tells.
pub(super) struct Launched {
    pub(super) root: Root,
    pub(super) words: BufReader<File>,
    /// Where the sockets of its network come from, when it has one.
    pub(super) door: Option<OwnedFd>,
}

/// Starts `order`, with words to `stdout` and `stderr`, in a group if there can be one; by the
/// first process that is `ready`, if there is one that will do.
pub(super) fn launch(
    order: Order,
    stdout: BorrowedFd<'_>,
    stderr: BorrowedFd<'_>,
    ready: Option<Ready>,
) -> Result<Launched, SandboxError> {
    if let Some(ready) = ready.filter(|ready| ready.suits(&order)) {
        // Somebody may have ended it while it waited.
        if let Some(launched) = give(order.clone(), stdout, stderr, ready)? {
            return Ok(launched);
        }
    }
    // The mirrors of some package managers cannot be named beforehand.
    let in_the_open = order.packages && order.network.is_none();
    let made = Ready::make(order.mode, in_the_open)?;
    give(order, stdout, stderr, made)?.ok_or_else(silent)
}

/// Gives it `order`; none when it is gone.
fn give(
    mut order: Order,
    stdout: BorrowedFd<'_>,
    stderr: BorrowedFd<'_>,
    mut ready: Ready,
) -> Result<Option<Launched>, SandboxError> {
    if order.mode == Mode::Root && !order.packages && ready.root.slot.is_none() {
        ready.root.slot = Some(Slot::take().map_err(doing(RESERVE))?);
    }
    if let Some(slot) = &ready.root.slot {
        order.user = (slot.user, slot.user);
    }
    if ready.has_walls() {
        order.view = View::default();
    }
    let lent = lent(&order)?;
    let door = order.network.is_some().then(rights::pair).transpose();
    let (door, theirs) = door.map_err(doing("make a pair of sockets"))?.unzip();
    let sealed = order.seal().map_err(doing("write its order"))?;
    let mut all = vec![sealed.as_fd(), stdout, stderr];
    all.extend(lent.iter().chain(&theirs).map(OwnedFd::as_fd));
    if let Some(group) = &ready.root.group {
        group.limit(&order.limits).map_err(doing("bound its control group"))?;
    }
    match rights::send(&all, &ready.post) {
        Ok(()) => {}
        Err(Errno::PIPE | Errno::CONNRESET) => return Ok(None),
        Err(error) => return Err(doing("give its order")(error.into())),
    }
    let Ready { mut root, words, .. } = ready;
    root.outlives = order.packages;
    Ok(Some(Launched { root, words, door }))
}

/// Lends every writable place to the task's user; gives back what lends.
fn lent(order: &Order) -> Result<Vec<OwnedFd>, SandboxError> {
    let mut maps: BTreeMap<(u32, u32), OwnedFd> = BTreeMap::new();
    let mut all = Vec::new();
    if order.mode != Mode::Root || order.packages {
        return Ok(all);
    }
    if order.view.write.len() > MOST_LENT {
        let why = format!("at most {MOST_LENT} places can be given at once");
        return Err(SandboxError::SetUp { doing: "lend files".into(), why });
    }
    for place in &order.view.write {
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
    }
    Ok(all)
}
