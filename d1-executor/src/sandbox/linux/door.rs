//! Takes the sockets of a network that the first process of a sandbox made.

use super::order::Doors;
use crate::sandbox::Door;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SocketFlags, SocketType,
    recvmsg, socketpair,
};
use std::{
    io::{self, IoSliceMut},
    mem::MaybeUninit,
    os::fd::OwnedFd,
};

/// What the sockets come through: our end, and that of the first process.
pub(super) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = SocketFlags::CLOEXEC;
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?)
}

/// Waits for the sockets; none when the first process ended before, and said why elsewhere.
pub(super) fn take(from: &OwnedFd) -> io::Result<Option<Door>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(Doors::MOST))];
    let mut rights = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let flags = RecvFlags::CMSG_CLOEXEC;
    let read = recvmsg(from, &mut [IoSliceMut::new(&mut byte)], &mut rights, flags)?.bytes;
    let mut sockets = rights.drain().flat_map(|message| {
        let RecvAncillaryMessage::ScmRights(sockets) = message else { return Vec::new() };
        sockets.collect()
    });
    match (read, sockets.next(), sockets.next()) {
        (0, ..) => Ok(None),
        (_, Some(questions), Some(long_questions)) => {
            Ok(Some(Door { questions, long_questions, ports: sockets.collect() }))
        }
        (..) => Err(io::Error::other("its sockets did not come")),
    }
}
