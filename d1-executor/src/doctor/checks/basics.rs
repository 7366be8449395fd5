//! What every program takes for granted: shared memory, the place for nothing, files that all read.

use super::super::{check::Found, sight::Sight};
use std::{
    fs, io,
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
};

const NOTHING: &str = "/dev/null";
const SHARED: &str = "/dev/shm";

/// Files that are of no use when only the administrator can read them.
const FOR_ALL: [&str; 10] = [
    "/etc/passwd",
    "/etc/group",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/services",
    "/etc/profile",
    "/etc/localtime",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
];

/// A program that removes its output and writes it anew leaves a file in this place; it fills up.
pub(super) async fn nothing(sight: Sight) -> Found {
    let found = match fs::symlink_metadata(sight.host.file(NOTHING)) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Found::skipped("there are no devices here");
        }
        Err(error) => return Found::unreadable(NOTHING, &error),
    };
    if found.file_type().is_char_device() {
        return Found::ok("it does");
    }
    Found::fail("/dev/null keeps what is written to it: it is no device any more")
        .remedy("sudo rm /dev/null; sudo mknod -m 666 /dev/null c 1 3")
}

/// shm_overview(7): databases and browsers meet there.
pub(super) async fn shared_memory(sight: Sight) -> Found {
    let place = sight.host.file(SHARED);
    let mode = match fs::metadata(&place) {
        Ok(found) => found.permissions().mode() & 0o7777,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Found::skipped("there is none here");
        }
        Err(error) => return Found::unreadable(SHARED, &error),
    };
    if mode & 0o1777 != 0o1777 {
        return Found::fail("not every program may use shared memory, or all may remove it")
            .details([format!("the mode of {SHARED} is {mode:04o}, not 1777")])
            .remedy(format!("sudo chmod 1777 {SHARED}"))
            .mend(sight.set_mode(&place, 0o1777));
    }
    Found::ok(format!("mode {mode:04o}"))
}

/// An administrator with a careful umask edits one of these, and nobody else finds a host.
pub(super) async fn readable(sight: Sight) -> Found {
    let (mut wrong, mut steps, mut seen) = (Vec::new(), Vec::new(), 0);
    for path in FOR_ALL {
        let place = sight.host.file(path);
        let Ok(found) = fs::metadata(&place) else { continue };
        let mode = found.permissions().mode() & 0o7777;
        seen += 1;
        if mode & 0o004 == 0 {
            wrong.push(format!("{path}: its mode is {mode:04o}"));
            steps.extend(sight.set_mode(&place, mode | 0o444));
        }
    }
    if !wrong.is_empty() {
        return Found::fail("programs of ordinary users cannot read what they need")
            .details(wrong)
            .remedy("sudo chmod a+r <file>")
            .mend(steps);
    }
    if seen == 0 { Found::skipped("there are none") } else { Found::ok(format!("{seen} files")) }
}
