//! A user number that no other task of this machine has, for as long as the task lives.

use std::{
    io,
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixListener},
    },
};

/// The first number: above people, packages, containers and the service manager's own.
const FIRST: u32 = 2_144_403_456;
/// How many there are: far more than tasks at once.
const COUNT: u32 = 4096;

/// A reserved number; free again when this is dropped, or our process ends.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) user: u32,
    /// A name that only one process can hold, and that goes with it.
    _name: UnixListener,
}

impl Slot {
    /// Reserves a number. Each caller begins at another place, so that few collide.
    pub(super) fn take() -> io::Result<Self> {
        let start = std::process::id().wrapping_mul(31);
        for step in 0..COUNT {
            let user = FIRST + start.wrapping_add(step) % COUNT;
            let name = SocketAddr::from_abstract_name(format!("d1-doctor/task-user/{user}"))?;
            match UnixListener::bind_addr(&name) {
                Ok(listener) => return Ok(Self { user, _name: listener }),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("all users for tasks are taken"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tasks_never_have_one_user_and_an_ended_one_gives_it_back() {
        let (one, two) = (Slot::take().unwrap(), Slot::take().unwrap());
        assert_ne!(one.user, two.user);
        let (freed, taken) = (one.user, two.user);
        drop(one);
        let three = Slot::take().unwrap();
        assert_ne!(three.user, taken);
        assert!(three.user >= FIRST && freed >= FIRST);
    }
}
