//! The network of the sandbox: one device that leads to itself, and sockets that we hand out.
//!
//! 1. The loopback device goes up, and every address of every kind is made an address of it
//!    (`ip route add local default dev lo`). So whatever is called arrives here.
//! 2. Sockets listen: for names, and on each port that is allowed. On any other nobody listens.
//! 3. They go to whoever made us, who serves them from outside; we keep none.

use super::main::{Stop, set_up};
use crate::sandbox::{
    egress::DNS,
    linux::{order::Doors, rights},
};
use rustix::{
    io::Errno,
    net::{
        AddressFamily, Ipv4Addr, Ipv6Addr, RecvFlags, SendFlags, SocketAddrV4, SocketAddrV6,
        SocketFlags, SocketType, bind, listen, netdevice::name_to_index, recv, send, socket_with,
        sockopt,
    },
};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

/// Connections that wait to be accepted, for each port.
const BACKLOG: i32 = 256;
/// The header of a message (`netlink(7)`), in bytes.
const HEADER: usize = 16;

/// Makes the network and hands its sockets to whoever is at the other end of `to`.
pub(super) fn open(doors: &Doors, to: &OwnedFd) -> Result<(), Stop> {
    routes().map_err(set_up("make a network that leads to us"))?;
    let mut sockets = vec![
        udp(DNS).map_err(set_up("listen for names"))?,
        tcp(DNS).map_err(set_up("listen for names"))?,
    ];
    for port in &doors.ports {
        sockets.push(tcp(*port).map_err(set_up(&format!("listen on port {port}")))?);
    }
    let sockets: Vec<BorrowedFd<'_>> = sockets.iter().map(OwnedFd::as_fd).collect();
    rights::send(&sockets, to).map_err(set_up("hand out its sockets"))
}

/// Has every address lead to the loopback device.
fn routes() -> rustix::io::Result<()> {
    let flags = SocketFlags::CLOEXEC;
    // `NETLINK_ROUTE` is the first protocol of this family.
    let kernel = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
    let index = name_to_index(&kernel, "lo")?;
    ask(kernel.as_fd(), libc::RTM_NEWLINK, 0, &device_up(index))?;
    let new = libc::NLM_F_CREATE | libc::NLM_F_EXCL;
    ask(kernel.as_fd(), libc::RTM_NEWROUTE, new, &everywhere(libc::AF_INET, index))?;
    match ask(kernel.as_fd(), libc::RTM_NEWROUTE, new, &everywhere(libc::AF_INET6, index)) {
        // A machine without IPv6 has no address of it that one could call.
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::AFNOSUPPORT) => Ok(()),
        Err(error) => Err(error),
    }
}

/// `struct ifinfomsg` (`rtnetlink(7)`): this device, up.
fn device_up(index: u32) -> Vec<u8> {
    let up = libc::IFF_UP.cast_unsigned();
    let family = [0_u8; 4];
    [family, index.to_ne_bytes(), up.to_ne_bytes(), up.to_ne_bytes()].concat()
}

/// `struct rtmsg` and one attribute (`rtnetlink(7)`): all addresses are local, by this device.
fn everywhere(family: i32, index: u32) -> Vec<u8> {
    const STATIC: u8 = 4;
    const OF_HOST: u8 = 254;
    let family = u8::try_from(family).unwrap_or(0);
    let head = [family, 0, 0, 0, libc::RT_TABLE_LOCAL, STATIC, OF_HOST, libc::RTN_LOCAL];
    let attribute = [8_u16.to_ne_bytes(), libc::RTA_OIF.to_ne_bytes()].concat();
    [&head[..], &[0; 4], &attribute, &index.to_ne_bytes()].concat()
}

/// Asks the kernel for something, and hears what it says.
fn ask(kernel: BorrowedFd<'_>, what: u16, flags: i32, body: &[u8]) -> rustix::io::Result<()> {
    let length = u32::try_from(HEADER + body.len()).map_err(|_| Errno::MSGSIZE)?;
    let flags = u16::try_from(flags | libc::NLM_F_REQUEST | libc::NLM_F_ACK).unwrap_or(0);
    let head = [&length.to_ne_bytes()[..], &what.to_ne_bytes(), &flags.to_ne_bytes()].concat();
    send(kernel, &[&head[..], &[0; 8], body].concat(), SendFlags::empty())?;
    let mut answer = [0; 1024];
    let (read, _) = recv(kernel, &mut answer, RecvFlags::empty())?;
    let error = answer.get(HEADER..HEADER + 4).filter(|_| read >= HEADER + 4);
    let error: [u8; 4] = error.and_then(|error| error.try_into().ok()).ok_or(Errno::PROTO)?;
    match i32::from_ne_bytes(error) {
        0 => Ok(()),
        negative => Err(Errno::from_raw_os_error(-negative)),
    }
}

/// Questions come from where the list of resolvers leads, which is an address of version 4.
fn udp(port: u16) -> rustix::io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, flags, None)?;
    bind(&socket, &SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port))?;
    Ok(socket)
}

/// Hears both versions where there are both.
fn tcp(port: u16) -> rustix::io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC;
    let socket = match socket_with(AddressFamily::INET6, SocketType::STREAM, flags, None) {
        Ok(socket) => {
            sockopt::set_ipv6_v6only(&socket, false)?;
            bind(&socket, &SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, port, 0, 0))?;
            socket
        }
        Err(Errno::AFNOSUPPORT) => {
            let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
            bind(&socket, &SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port))?;
            socket
        }
        Err(error) => return Err(error),
    };
    listen(&socket, BACKLOG)?;
    Ok(socket)
}
