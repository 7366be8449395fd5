//! The file tree of the command: made in memory, with what was given mounted into it.

use super::{
    main::{Stop, set_up},
    resolver,
    tree::{self, Root},
};
use crate::sandbox::{
    linux::{
        attr::{NO_DEVICES, NO_SUID, READ_ONLY},
        order::{Failure, Mode, Order},
        services::{ALLOWED, FORBIDDEN, POLICY},
    },
    places::{Guard, MERGED, SCRATCH},
};
use d1_core::Digest;
use rustix::{
    fs::{FileType, symlinkat},
    io::{Errno, Result},
    mount::{MountAttrFlags, MountPropagationFlags, UnmountFlags, mount_change, unmount},
    process::{chdir, fchdir, pivot_root},
    thread::{UnshareFlags, unshare_unsafe},
};
use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::fd::{AsFd as _, BorrowedFd, OwnedFd},
    path::{Path, PathBuf},
};

/// Where the new root is put together: a folder that is there whenever we can work at all.
const WORKBENCH: &str = "/proc";
/// What the tree itself may take: folders and links, no content.
const SKELETON: u64 = 4 << 20;
/// The devices that every program may expect, and that give nothing away.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
/// Links that programs expect beside the devices.
const DEVICE_LINKS: [(&str, &str); 4] = [
    ("/proc/self/fd", "/dev/fd"),
    ("/proc/self/fd/0", "/dev/stdin"),
    ("/proc/self/fd/1", "/dev/stdout"),
    ("/proc/self/fd/2", "/dev/stderr"),
];

/// Builds the tree and makes it the root of this process; the machine's own is gone after.
pub(super) fn build(order: &Order, lent: &[OwnedFd]) -> std::result::Result<(), Stop> {
    own_mounts()
        .map_err(set_up("make namespaces; let this program make them, or allow less isolation"))?;
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", private).map_err(set_up("cut its mounts off from ours"))?;
    let root = root().map_err(set_up("make a root"))?;
    let (first, later) = in_order(order);
    for path in first {
        let shown = show(&root, path, NO_SUID | NO_DEVICES, true, None);
        shown.map_err(set_up(&format!("show {}", path.display())))?;
    }
    scratch(&root, order).map_err(set_up("make its temporary folders"))?;
    for path in &order.view.read {
        let shown = show(&root, path, READ_ONLY | NO_SUID | NO_DEVICES, true, None);
        shown.map_err(set_up(&format!("show {}", path.display())))?;
    }
    system_links(&root).map_err(set_up("make the links of the system"))?;
    let deep = order.mode == Mode::Rootless;
    for (at, path) in later.enumerate() {
        let lend = lent.get(at).map(OwnedFd::as_fd);
        let shown = show(&root, path, NO_SUID | NO_DEVICES, deep, lend);
        shown.map_err(set_up(&format!("lend {}", path.display())))?;
    }
    for (path, how) in &order.view.guards {
        guard(&root, path, *how).map_err(set_up(&format!("protect {}", path.display())))?;
    }
    for path in &order.view.reopened {
        let shown = show(&root, path, NO_SUID | NO_DEVICES, true, None);
        shown.map_err(set_up(&format!("show {}", path.display())))?;
    }
    if order.packages {
        no_services(&root).map_err(set_up("keep services from being started"))?;
    }
    known_user(&root, order).map_err(set_up("make the task's user known"))?;
    if let Some(doors) = &order.network {
        resolver::cover(&root, &doors.covered).map_err(set_up("have names looked up by asking"))?;
    }
    pin_script(&root, order)?;
    enter(&root).map_err(set_up("enter its root"))
}

/// Made only now: mounts that it had had while it waited would be those of then, and in use.
fn own_mounts() -> Result<()> {
    // SAFETY: this process has one thread and shares nothing with another, so that its view of
    // the files is nobody else's.
    unsafe { unshare_unsafe(UnshareFlags::NEWNS) }
}

fn root() -> Result<Root> {
    let flags = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    let root = tree::memory("755", SKELETON, flags)?;
    // Opened before it is covered.
    let processes = tree::processes()?;
    tree::attach(root.as_fd(), tree::open_plain(Path::new(WORKBENCH))?.as_fd())?;
    let root = Root(root);
    for device in DEVICES {
        let path = Path::new("/dev").join(device);
        let copy = tree::copy(tree::open_plain(&path)?.as_fd(), false)?;
        tree::set(copy.as_fd(), NO_SUID, false, None)?;
        root.mount(copy.as_fd(), &path)?;
    }
    let devices = root.open(Path::new("/"))?;
    for (target, link) in DEVICE_LINKS {
        symlinkat(target, &devices, link.trim_start_matches('/'))?;
    }
    root.mount(processes.as_fd(), Path::new("/proc"))?;
    for folder in ["/run", "/var"] {
        root.folder(Path::new(folder))?;
    }
    symlinkat("/run", root.open(Path::new("/"))?, "var/run")?;
    Ok(root)
}

/// Temporary folders, each bounded.
fn scratch(root: &Root, order: &Order) -> Result<()> {
    let flags = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    for folder in SCRATCH {
        let memory = tree::memory("1777", order.limits.scratch_bytes, flags)?;
        root.mount(memory.as_fd(), Path::new(folder))?;
    }
    for folder in &order.view.empty {
        let memory = tree::memory("755", order.limits.scratch_bytes, flags)?;
        root.mount(memory.as_fd(), folder)?;
    }
    Ok(())
}

/// For packages, the writable places that come before the temporary folders, which some of them
/// hold; and the others. Whatever is lent is among the others.
fn in_order(order: &Order) -> (impl Iterator<Item = &PathBuf>, impl Iterator<Item = &PathBuf>) {
    let is_late = |path: &&PathBuf| SCRATCH.iter().any(|folder| path.starts_with(folder));
    let first = order.view.write.iter().filter(move |path| order.packages && !is_late(path));
    let later = order.view.write.iter().filter(move |path| !order.packages || is_late(path));
    (first, later)
}

/// Services are not started in here. What is started all the same ends with the sandbox.
fn no_services(root: &Root) -> Result<()> {
    let policy = Path::new(POLICY);
    match root.open(policy) {
        Ok(_there) => {}
        Err(Errno::NOENT) => {
            let mut file = File::from(root.file(policy, 0o755)?);
            file.write_all(ALLOWED).map_err(|_full| Errno::NOSPC)?;
        }
        Err(Errno::NOTDIR | Errno::LOOP) => return Ok(()),
        Err(error) => return Err(error),
    }
    place(root, FORBIDDEN, Path::new("/.policy"), 0o755, policy)
}

/// Mounts what is at `path` at the same path of the new tree.
fn show(
    root: &Root,
    path: &Path,
    attributes: u64,
    deep: bool,
    lend: Option<BorrowedFd<'_>>,
) -> Result<()> {
    let copy = tree::copy(tree::open_plain(path)?.as_fd(), deep)?;
    tree::set(copy.as_fd(), attributes, deep, lend)?;
    root.mount(copy.as_fd(), path)
}

/// `/bin` and its like, as this machine has them.
fn system_links(root: &Root) -> Result<()> {
    let top = root.open(Path::new("/"))?;
    for name in MERGED {
        let path = Path::new("/").join(name);
        match std::fs::read_link(&path) {
            Ok(target) => symlinkat(&target, &top, name)?,
            Err(_) if path.is_dir() => {
                show(root, &path, READ_ONLY | NO_SUID | NO_DEVICES, true, None)?;
            }
            Err(_) => {}
        }
    }
    Ok(())
}

/// Covers what is at `path` with itself, read-only, or with nothing.
fn guard(root: &Root, path: &Path, how: Guard) -> Result<()> {
    let place = match root.open(path) {
        Ok(place) => place,
        // Not there, so there is nothing to keep; nor can it be made, see `paths`.
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
        // A link, or below one: what it leads to is either protected itself, or not shown.
        Err(Errno::LOOP) => return Ok(()),
        Err(error) => return Err(error),
    };
    let kind = tree::kind(place.as_fd())?;
    if kind == FileType::Symlink {
        return Ok(());
    }
    let cover = match how {
        Guard::ReadOnly => tree::copy(place.as_fd(), true)?,
        Guard::Hidden if kind == FileType::Directory => {
            tree::memory("755", 4096, MountAttrFlags::empty())?
        }
        Guard::Hidden => {
            drop(root.file(Path::new("/.nothing"), 0o444)?);
            tree::copy(root.open(Path::new("/.nothing"))?.as_fd(), false)?
        }
    };
    tree::set(cover.as_fd(), READ_ONLY | NO_SUID | NO_DEVICES, how == Guard::ReadOnly, None)?;
    tree::attach(cover.as_fd(), place.as_fd())
}

/// The task's user gets a line in the list of users: programs ask who they are.
fn known_user(root: &Root, order: &Order) -> Result<()> {
    let (user, group) = order.user;
    let mut users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    if order.mode != Mode::Root || order.packages || users.is_empty() {
        return Ok(());
    }
    let home = order.home.display();
    users += &format!("d1-task:x:{user}:{group}:a task of d1-doctor:{home}:/usr/sbin/nologin\n");
    place(root, &users.into_bytes(), Path::new("/.users"), 0o444, Path::new("/etc/passwd"))
}

/// Covers `path` with a file of this content that nobody can change.
pub(super) fn place(root: &Root, content: &[u8], at: &Path, mode: u32, path: &Path) -> Result<()> {
    let mut file = File::from(root.file(at, mode)?);
    file.write_all(content).map_err(|_full| Errno::NOSPC)?;
    drop(file);
    let copy = tree::copy(root.open(at)?.as_fd(), false)?;
    tree::set(copy.as_fd(), READ_ONLY | NO_SUID | NO_DEVICES, false, None)?;
    tree::attach(copy.as_fd(), root.open(path)?.as_fd())
}

/// The most bytes of a script whose content was agreed on.
const MOST_SCRIPT: u64 = 1 << 20;

/// What was agreed on is what runs: the command sees a copy that nobody can change.
fn pin_script(root: &Root, order: &Order) -> std::result::Result<(), Stop> {
    let Some(script) = &order.script else { return Ok(()) };
    let content = read(root, &script.path).map_err(|_gone| Failure::Changed)?;
    if Digest::of(&content) != script.digest {
        return Err(Failure::Changed);
    }
    place(root, &content, Path::new("/.script"), 0o555, &script.path)
        .map_err(set_up("keep the script as it was agreed on"))
}

/// Where there is no copy, it is as it was agreed on when the command starts; not longer.
pub(super) fn check_script(order: &Order) -> std::result::Result<(), Stop> {
    let Some(script) = &order.script else { return Ok(()) };
    let mut content = Vec::new();
    let read =
        File::open(&script.path).and_then(|file| file.take(MOST_SCRIPT).read_to_end(&mut content));
    match read {
        Ok(_) if Digest::of(&content) == script.digest => Ok(()),
        Ok(_) | Err(_) => Err(Failure::Changed),
    }
}

fn read(root: &Root, path: &Path) -> std::io::Result<Vec<u8>> {
    use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    let below: PathBuf = path.strip_prefix("/").unwrap_or(path).to_path_buf();
    let file = openat2(&root.0, below, flags, Mode::empty(), resolve)?;
    let mut content = Vec::new();
    File::from(file).take(MOST_SCRIPT).read_to_end(&mut content)?;
    Ok(content)
}

fn enter(root: &Root) -> Result<()> {
    fchdir(&root.0)?;
    pivot_root(".", ".")?;
    unmount(".", UnmountFlags::DETACH)?;
    chdir("/")?;
    tree::set(root.0.as_fd(), READ_ONLY | NO_SUID | NO_DEVICES, false, None)
}
