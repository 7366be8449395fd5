//! What everybody on the machine shares: file systems, users, time, names.

use super::super::{check::Found, sight::Sight};
use std::os::unix::fs::PermissionsExt as _;

/// The options of the last thing mounted at a place (`proc_pid_mounts(5)`).
fn mount_options(mounts: &str, place: &str) -> Option<Vec<String>> {
    let line = mounts.lines().rfind(|line| line.split(' ').nth(1) == Some(place))?;
    Some(line.split(' ').nth(3)?.split(',').map(str::to_owned).collect())
}

fn options_of(sight: &Sight, place: &str) -> Result<Option<Vec<String>>, Found> {
    match sight.text("/proc/mounts") {
        Ok(Some(mounts)) => Ok(mount_options(&mounts, place)),
        Ok(None) => Err(Found::skipped("this system does not tell")),
        Err(error) => Err(Found::unreadable("/proc/mounts", &error)),
    }
}

pub(super) async fn writable_root(sight: Sight) -> Found {
    match options_of(&sight, "/") {
        Ok(Some(options)) if options.iter().any(|option| option == "ro") => {
            Found::fail("the root file system is read-only, often after an error of the disk")
                .remedy("look for the reason: sudo dmesg | grep -i 'remount\\|I/O error'")
                .remedy("then: sudo mount -o remount,rw /")
        }
        Ok(_) => Found::ok("it can"),
        Err(found) => found,
    }
}

pub(super) async fn executable_tmp(sight: Sight) -> Found {
    if sight.var("TMPDIR").is_some() {
        return Found::skipped("TMPDIR names another place");
    }
    match options_of(&sight, "/tmp") {
        Ok(Some(options)) if options.iter().any(|option| option == "noexec") => {
            Found::warn("nothing can be run from /tmp, and installers and build tools try to")
                .remedy("mkdir -p ~/.cache/tmp; export TMPDIR=~/.cache/tmp")
        }
        Ok(_) => Found::ok("they can"),
        Err(found) => found,
    }
}

pub(super) async fn umask(sight: Sight) -> Found {
    let status = match sight.text("/proc/self/status") {
        Ok(Some(status)) => status,
        Ok(None) => return Found::skipped("this system does not tell"),
        Err(error) => return Found::unreadable("/proc/self/status", &error),
    };
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    match line.map(|mask| u32::from_str_radix(mask.trim(), 8)) {
        Some(Ok(mask)) if mask & 0o002 == 0 => {
            Found::warn("everybody may change the files you make")
                .details([format!("the umask is {mask:04o}")])
                .remedy("umask 022, and look for `umask` in ~/.profile and ~/.bashrc")
        }
        Some(Ok(mask)) => Found::ok(format!("umask {mask:04o}")),
        Some(Err(_)) | None => Found::unknown("/proc/self/status does not say"),
    }
}

pub(super) async fn localhost(sight: Sight) -> Found {
    let hosts = match sight.text("/etc/hosts") {
        Ok(Some(hosts)) => hosts,
        Ok(None) => return Found::skipped("there is no /etc/hosts"),
        Err(error) => return Found::unreadable("/etc/hosts", &error),
    };
    let is_localhost = |line: &str| {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let here = words.next().is_some_and(|ip| ip.starts_with("127.") || ip == "::1");
        here && words.any(|name| name == "localhost")
    };
    if hosts.lines().any(is_localhost) {
        return Found::ok("it does");
    }
    Found::fail("`localhost` is not in /etc/hosts, and local servers are not found")
        .remedy("add to /etc/hosts: 127.0.0.1 localhost")
        .mend(sight.add_line(&sight.host.file("/etc/hosts"), "127.0.0.1 localhost"))
}

pub(super) async fn time_zone(sight: Sight) -> Found {
    let place = sight.host.file("/etc/localtime");
    match std::fs::symlink_metadata(&place) {
        Ok(found) if found.is_symlink() => {}
        Ok(_) => return Found::ok("it is"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Found::skipped("none is set, so it is UTC");
        }
        Err(error) => return Found::unreadable("/etc/localtime", &error),
    }
    let target = std::fs::read_link(&place).unwrap_or_default();
    let target = target.to_string_lossy();
    let zone = target.rsplit_once("zoneinfo/").map_or(&*target, |(_, zone)| zone);
    // The link is to an absolute path of the machine, or relative to /etc.
    let absolute =
        if target.starts_with('/') { target.to_string() } else { format!("/etc/{target}") };
    if sight.host.file(&absolute).exists() {
        return Found::ok(zone);
    }
    Found::warn("the time zone is set to one that is not there, so programs show UTC")
        .details([zone])
        .remedy("sudo apt-get install tzdata, or set another: sudo dpkg-reconfigure tzdata")
        .mend(if sight.host.file("/usr/share/zoneinfo").exists() {
            Vec::new()
        } else {
            sight.install("tzdata", &[])
        })
}

pub(super) async fn password_files(sight: Sight) -> Found {
    let (mut wrong, mut steps) = (Vec::new(), Vec::new());
    for (path, forbidden) in [
        ("/etc/shadow", 0o007),
        ("/etc/gshadow", 0o007),
        ("/etc/passwd", 0o022),
        ("/etc/group", 0o022),
    ] {
        if let Ok(found) = std::fs::metadata(sight.host.file(path)) {
            let mode = found.permissions().mode() & 0o7777;
            if mode & forbidden != 0 {
                wrong.push(format!("{path}: its mode is {mode:04o}"));
                steps.extend(sight.set_mode(&sight.host.file(path), mode & !forbidden));
            }
        }
    }
    if wrong.is_empty() {
        return Found::ok("nobody can");
    }
    Found::fail("others can read password hashes, or make themselves administrator")
        .details(wrong)
        .remedy("sudo chmod 640 /etc/shadow /etc/gshadow; sudo chmod 644 /etc/passwd /etc/group")
        .mend(steps)
}
