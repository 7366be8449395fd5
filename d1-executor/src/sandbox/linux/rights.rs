//! Descriptors that go from one process to another (`unix(7)`, `SCM_RIGHTS`).

use super::order::Doors;
use rustix::{
    io::Errno,
    net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
        SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
    },
};
use std::{
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{BorrowedFd, OwnedFd},
};

/// The most writable places that are lent to one command.
pub(super) const MOST_LENT: usize = 64;
/// The most that go at once: an order, two for words, those that lend, one that hands out sockets.
const MOST: usize = 3 + MOST_LENT + 1;
const _: () = assert!(Doors::MOST <= MOST, "what a network consists of goes at once, too");

/// Both ends of what they go through.
pub(super) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = SocketFlags::CLOEXEC;
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?)
}

/// Sends them in one message.
pub(super) fn send(descriptors: &[BorrowedFd<'_>], to: &OwnedFd) -> rustix::io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut rights = SendAncillaryBuffer::new(&mut space);
    let fits = descriptors.len() <= MOST;
    if !fits || !rights.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(Errno::MSGSIZE);
    }
    sendmsg(to, &[IoSlice::new(b"d")], &mut rights, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Waits for them; none when the other end is gone, and sent none.
pub(super) fn receive(from: &OwnedFd) -> rustix::io::Result<Option<Vec<OwnedFd>>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut rights = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let read = loop {
        let mut word = [IoSliceMut::new(&mut byte)];
        match recvmsg(from, &mut word, &mut rights, RecvFlags::CMSG_CLOEXEC) {
            Ok(message) => break message.bytes,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    };
    let descriptors = rights.drain().flat_map(|message| {
        let RecvAncillaryMessage::ScmRights(descriptors) = message else { return Vec::new() };
        descriptors.collect()
    });
    let descriptors = descriptors.collect();
    Ok((read > 0).then_some(descriptors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd as _;

    #[test]
    fn they_arrive_in_their_order_and_an_end_that_is_gone_sends_none() {
        let (ours, theirs) = pair().unwrap();
        let (read, write) = rustix::pipe::pipe().unwrap();
        send(&[write.as_fd(), read.as_fd()], &ours).unwrap();
        let came = receive(&theirs).unwrap().unwrap();
        rustix::io::write(&came[0], b"x").unwrap();
        assert_eq!(rustix::io::read(&came[1], &mut [0; 2]), Ok(1));
        drop(ours);
        assert!(receive(&theirs).unwrap().is_none());
    }

    #[test]
    fn more_than_there_is_room_for_is_refused() {
        let (ours, _theirs) = pair().unwrap();
        let many = vec![ours.as_fd(); MOST + 1];
        assert_eq!(send(&many, &ours), Err(Errno::MSGSIZE));
    }
}
