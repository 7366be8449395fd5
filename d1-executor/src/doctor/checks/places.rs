//! The places that every program writes to: the home, temporary files, other disks.

use super::{
    super::{check::Found, sight::Sight},
    keys::no_home,
    mounts::{self, Mount},
};
use std::{
    fs::{self, Metadata},
    io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

const REMOUNT: &str = "look for the reason: sudo dmesg | grep -i 'remount\\|I/O error'";

pub(super) async fn home(sight: Sight) -> Found {
    let Some(home) = sight.home.clone() else { return no_home() };
    let found = match fs::metadata(&home) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Found::fail("your home is not there, and programs cannot keep their settings")
                .remedy("make it, or set HOME to where it is");
        }
        Err(error) => return Found::unreadable("the home", &error),
    };
    if is_read_only(&sight, &home) {
        return Found::fail("your home is on a file system that is read-only").remedy(REMOUNT);
    }
    // The administrator may write anywhere.
    if sight.uid == 0 {
        return Found::ok("it can");
    }
    let (mode, owner) = (found.permissions().mode() & 0o7777, found.uid());
    if owner != sight.uid {
        return Found::fail("your home belongs to somebody else")
            .details([format!("it belongs to user {owner}")])
            .remedy("sudo chown -R \"$(id -u):$(id -g)\" ~");
    }
    if mode & 0o300 != 0o300 {
        return Found::fail("nothing can be written to your home")
            .details([format!("its mode is {mode:04o}")])
            .remedy("chmod u+rwx ~")
            .mend(sight.set_mode(&home, mode | 0o700));
    }
    Found::ok("it can")
}

pub(super) async fn temporary(sight: Sight) -> Found {
    let named = sight.var("TMPDIR");
    let shown = named.clone().unwrap_or_else(|| "/tmp".to_owned());
    let folder = sight.host.file(&shown);
    let remedy = match named {
        Some(_) => format!("mkdir -p {shown}, or: unset TMPDIR"),
        None => "sudo mkdir -p /tmp; sudo chmod 1777 /tmp".to_owned(),
    };
    let broken = |why: &str| Found::fail(why).details([shown.clone()]).remedy(remedy.clone());
    match fs::metadata(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_some() => {
            broken("TMPDIR names a folder that is not there, and programs that need it fail")
        }
        Err(error) => Found::unreadable(&shown, &error),
        Ok(found) if !found.is_dir() => broken("the place for temporary files is no folder"),
        Ok(_) if is_read_only(&sight, &folder) => {
            Found::fail("the place for temporary files is read-only")
                .details([shown])
                .remedy("export TMPDIR=~/.cache/tmp, after: mkdir -p ~/.cache/tmp")
        }
        Ok(found) if is_closed(&found, sight.uid) => {
            broken("you may not write to the place for temporary files")
        }
        Ok(_) => Found::ok("they can"),
    }
}

/// Whether a user surely may not write there; what groups allow we do not know.
fn is_closed(found: &Metadata, uid: u32) -> bool {
    let writers = if found.uid() == uid { 0o200 } else { 0o022 };
    uid != 0 && found.permissions().mode() & writers == 0
}

/// Whether a place is on a read-only file system of its own; of the root `sys.root.writable` tells.
fn is_read_only(sight: &Sight, path: &Path) -> bool {
    let Some(path) = sight.on_machine(path) else { return false };
    let mounts = mounts::mounted(sight).ok().flatten().unwrap_or_default();
    mounts::holding(&mounts, path.as_str())
        .is_some_and(|mount| mount.has("ro") && mount.place != "/")
}

/// Many file systems are read-only because they are meant to be: images, snapshots, what a
/// container is given. One is broken when `/etc/fstab` asked for another thing, or when the
/// kernel says that it gave up.
pub(super) async fn disks(sight: Sight) -> Found {
    let mounts = match mounts::mounted(&sight) {
        Ok(Some(mounts)) => mounts,
        Ok(None) => return Found::skipped("this system does not tell"),
        Err(error) => return Found::unreadable("/proc/mounts", &error),
    };
    let wanted = mounts::read(&sight.text("/etc/fstab").ok().flatten().unwrap_or_default());
    let is_wanted = |mount: &Mount| {
        let line = wanted.iter().rfind(|wanted| wanted.place == mount.place);
        line.is_some_and(|wanted| !wanted.has("ro"))
    };
    let gave_up = |mount: &Mount| mount.has("emergency_ro") || mount.has("shutdown");
    let of_disk = |mount: &&Mount| mount.device.starts_with("/dev/") && mount.place != "/";
    let broken: Vec<String> = mounts
        .iter()
        .filter(of_disk)
        .filter(|mount| gave_up(mount) || (mount.has("ro") && is_wanted(mount)))
        .map(|mount| format!("{} on {}", mount.device, mount.place))
        .collect();
    if broken.is_empty() {
        return Found::ok("none does");
    }
    Found::fail("a file system is read-only and was not meant to be, often after an error")
        .details(broken)
        .remedy(REMOUNT)
        .remedy("save what is on it, then: sudo mount -o remount,rw <folder>")
}
