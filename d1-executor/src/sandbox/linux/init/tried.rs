//! Asks from inside whether the walls hold, one by one; a claim that was not tried is not made.

use super::{gate_tried, identity, main::Walls, paths::READ_ONLY_DEVICE};
use crate::sandbox::{
    linux::order::{Mode, Order},
    wall::{Missing, Wall},
};
use rustix::{
    io::Errno,
    net::{AddressFamily, SocketType, socket},
    process::{Resource, getegid, geteuid, getgid, getpid, getrlimit, getuid},
};
use std::{fs, io, net::TcpStream};

/// The walls that do not hold, with what was seen; those that were not put up are among them.
pub(super) fn try_all(walls: &Walls) -> Missing {
    let mut missing = walls.missing.clone();
    for wall in Wall::ALL {
        if let Err(seen) = attempt(wall, &walls.order) {
            missing.entry(wall).or_insert(seen);
        }
    }
    missing
}

fn attempt(wall: Wall, order: &Order) -> Result<(), String> {
    match wall {
        Wall::Processes => own(order, "pid")
            .and_then(|()| that(getpid().as_raw_nonzero().get() == 1, "it is not the first")),
        Wall::Mounts => own(order, "mnt"),
        Wall::Ipc => own(order, "ipc"),
        Wall::HostName => own(order, "uts"),
        Wall::Groups => own(order, "cgroup"),
        Wall::Network if order.network.is_some() => own(order, "net").and_then(|()| one_device()),
        Wall::Network => own(order, "net").and_then(|()| no_network()),
        // Nothing is claimed about a network that is not there.
        Wall::Egress if order.network.is_none() => Ok(()),
        Wall::Egress => gate_tried::attempt(),
        Wall::View if order.packages => view_of_packages(),
        Wall::View => view(order),
        Wall::TaskUser => user(order),
        Wall::Capabilities if order.packages => capabilities(identity::for_packages().bits()),
        Wall::Capabilities => capabilities(0),
        Wall::NoNewPrivileges => match rustix::thread::no_new_privs() {
            Ok(true) => Ok(()),
            Ok(false) => Err("a program could get more rights".into()),
            Err(error) => Err(error.to_string()),
        },
        Wall::Landlock => match fs::OpenOptions::new().write(true).open(READ_ONLY_DEVICE) {
            Err(error) if error.raw_os_error() == Some(libc::EACCES) => Ok(()),
            Err(error) => Err(format!("a write was refused by something else: {error}")),
            Ok(_open) => Err("a write that it forbids was let through".into()),
        },
        Wall::Seccomp => match socket(AddressFamily::NETLINK, SocketType::RAW, None) {
            Err(Errno::AFNOSUPPORT) => Ok(()),
            Err(error) => Err(format!("a socket was refused by something else: {error}")),
            Ok(_open) => Err("a socket that it forbids was let through".into()),
        },
        Wall::Limits => that(
            getrlimit(Resource::Core).maximum == Some(0)
                && getrlimit(Resource::Nproc).maximum <= Some(order.limits.processes),
            "bounds are not as they were set",
        ),
        // Looked at from outside.
        Wall::ControlGroup => Ok(()),
    }
}

fn that(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

/// Whether this namespace is another one than ours outside.
fn own(order: &Order, name: &str) -> Result<(), String> {
    let inside = fs::read_link(format!("/proc/self/ns/{name}")).map_err(|e| e.to_string())?;
    match order.outside.get(name) {
        Some(outside) if *outside != inside => Ok(()),
        Some(_same) => Err(format!("it has no {name} namespace of its own")),
        None => Err("nothing to compare it with".into()),
    }
}

fn no_network() -> Result<(), String> {
    // Nobody listens there; with any network at all it would be refused by the machine.
    match TcpStream::connect("127.0.0.1:9") {
        Err(error) if error.kind() == io::ErrorKind::NetworkUnreachable => Ok(()),
        // Landlock looks before the network does.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => one_device(),
        Err(error) => Err(format!("the network answered: {error}")),
        Ok(_open) => Err("a connection was let through".into()),
    }
}

/// Whether there is no device but the one that leads to itself.
fn one_device() -> Result<(), String> {
    let devices = fs::read_to_string("/proc/self/net/dev").map_err(|e| e.to_string())?;
    let others = devices.lines().skip(2).filter(|line| !line.trim_start().starts_with("lo:"));
    that(others.count() == 0, "it has network devices")
}

fn view(order: &Order) -> Result<(), String> {
    if order.mode == Mode::Bare {
        return Err("it sees the files of the machine".into());
    }
    that(!fs::exists("/sys/kernel").unwrap_or(true), "it sees what it was not given")?;
    match fs::create_dir("/usr/.d1-tried") {
        Err(error) if error.raw_os_error() == Some(libc::EROFS) => {}
        Err(error) => return Err(format!("a write was refused by something else: {error}")),
        Ok(()) => return Err("it can change the system".into()),
    }
    match fs::create_dir("/.d1-tried") {
        Err(error) if error.raw_os_error() == Some(libc::EROFS) => Ok(()),
        Err(error) => Err(format!("a write was refused by something else: {error}")),
        Ok(()) => Err("it can change its root".into()),
    }
}

fn user(order: &Order) -> Result<(), String> {
    let (user, group) = order.user;
    let users = [getuid().as_raw(), geteuid().as_raw()];
    let groups = [getgid().as_raw(), getegid().as_raw()];
    that(users == [user; 2] && groups == [group; 2], "it is another user than it should be")?;
    if order.packages {
        return Err("packages are installed by the administrator".into());
    }
    that(user != 0, "it is root")?;
    if order.mode == Mode::Root { Ok(()) } else { Err("it runs as the user who started it".into()) }
}

/// Packages change the system, and nothing of the kernel or of our root.
fn view_of_packages() -> Result<(), String> {
    that(!fs::exists("/sys/kernel").unwrap_or(true), "it sees what it was not given")?;
    let kernel = fs::OpenOptions::new().write(true).open("/proc/sys/kernel/core_pattern");
    match kernel {
        Err(error) if error.raw_os_error() == Some(libc::EROFS) => {}
        // Landlock looks before the mount does.
        Err(error) if error.raw_os_error() == Some(libc::EACCES) => {}
        Err(error) => return Err(format!("a write was refused by something else: {error}")),
        Ok(_open) => return Err("it can change the kernel".into()),
    }
    match fs::create_dir("/.d1-tried") {
        Err(error) if error.raw_os_error() == Some(libc::EROFS) => Ok(()),
        Err(error) if error.raw_os_error() == Some(libc::EACCES) => Ok(()),
        Err(error) => Err(format!("a write was refused by something else: {error}")),
        Ok(()) => Err("it can change its root".into()),
    }
}

/// Whether it has no more than these, as far as it is anybody's to have more.
fn capabilities(allowed: u64) -> Result<(), String> {
    let status = fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
    let sets: Vec<&str> = status
        .lines()
        .filter(|line| line.starts_with("Cap"))
        .filter_map(|line| line.split_whitespace().nth(1))
        .collect();
    let within = |set: &&str| u64::from_str_radix(set, 16).is_ok_and(|set| set & !allowed == 0);
    that(sets.len() == 5 && sets.iter().all(within), "it has capabilities that it should not have")
}
