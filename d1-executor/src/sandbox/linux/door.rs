//! Takes the sockets of a network that the first process of a sandbox made.

use super::rights::receive;
use crate::sandbox::Door;
use std::{io, os::fd::OwnedFd};

/// Waits for the sockets; none when the first process ended before, and said why elsewhere.
pub(super) fn take(from: &OwnedFd) -> io::Result<Option<Door>> {
    let Some(sockets) = receive(from)? else { return Ok(None) };
    let mut sockets = sockets.into_iter();
    match (sockets.next(), sockets.next()) {
        (Some(questions), Some(long_questions)) => {
            Ok(Some(Door { questions, long_questions, ports: sockets.collect() }))
        }
        (..) => Err(io::Error::other("its sockets did not come")),
    }
}
