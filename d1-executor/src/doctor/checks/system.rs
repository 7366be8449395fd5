//! The system itself: restarts, limits, shared places.

use super::super::{check::Found, sight::Sight};
use crate::facts::is_container;
use d1_core::Step;
use std::os::unix::fs::PermissionsExt as _;

/// Fewer open files than this are too few for build tools and servers.
const ENOUGH_FILES: u64 = 1024;
/// Fewer watches than this are too few for editors and bundlers.
const ENOUGH_WATCHES: u64 = 8192;
/// Where more watches are asked for; late in the order, so that it holds.
const WATCHES_FILE: &str = "/etc/sysctl.d/90-d1-doctor-watches.conf";

pub(super) async fn reboot(sight: Sight) -> Found {
    if !sight.host.file("/run/reboot-required").exists() {
        return Found::ok("none does");
    }
    let packages = sight.text("/run/reboot-required.pkgs").ok().flatten().unwrap_or_default();
    let mut packages: Vec<&str> = packages.lines().filter(|line| !line.is_empty()).collect();
    packages.sort_unstable();
    packages.dedup();
    Found::warn("an update takes effect only after a restart")
        .details(packages)
        .remedy("restart the machine when it suits you")
}

pub(super) async fn open_files(sight: Sight) -> Found {
    let text = match sight.text("/proc/self/limits") {
        Ok(Some(text)) => text,
        Ok(None) => return Found::skipped("this system does not tell"),
        Err(error) => return Found::unreadable("the limits of this process", &error),
    };
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    match soft.map(str::parse::<u64>) {
        Some(Ok(soft)) if soft < ENOUGH_FILES => {
            Found::warn(format!("a program may open only {soft} files at once"))
                .remedy("raise it for this shell: ulimit -n 4096")
                .remedy("and for good, in /etc/security/limits.d/: * soft nofile 4096")
        }
        Some(Ok(soft)) => Found::ok(format!("{soft} files at once")),
        Some(Err(_)) if soft == Some("unlimited") => Found::ok("as many files as there are"),
        Some(Err(_)) | None => Found::unknown("the limits of this process are of no known form"),
    }
}

pub(super) async fn watches(sight: Sight) -> Found {
    let text = match sight.text("/proc/sys/fs/inotify/max_user_watches") {
        Ok(Some(text)) => text,
        Ok(None) => return Found::skipped("this system does not tell"),
        Err(error) => return Found::unreadable("max_user_watches", &error),
    };
    match text.trim().parse::<u64>() {
        Ok(most) if most < ENOUGH_WATCHES => {
            Found::warn(format!("only {most} files can be watched for changes"))
                .remedy("in /etc/sysctl.d/: fs.inotify.max_user_watches = 524288")
                .remedy("then: sudo sysctl --system")
                .mend(more_watches(&sight))
        }
        Ok(most) => Found::ok(format!("{most} files")),
        Err(_) => Found::unknown("max_user_watches is no number"),
    }
}

/// sysctl.d(5): the file is for the next start, the program for now.
fn more_watches(sight: &Sight) -> Vec<Step> {
    // The kernel of a container is not its own to set up.
    if !sight.has("sysctl") || is_container(&sight.host) {
        return Vec::new();
    }
    let file = sight.host.file(WATCHES_FILE);
    let written = sight.add_line(&file, "fs.inotify.max_user_watches = 524288");
    let title = "have the kernel take it up";
    let undo = "without the file the old limit is back at the next start";
    written.into_iter().chain(sight.run(&["sysctl", "--load", WATCHES_FILE], title, undo)).collect()
}

pub(super) async fn sticky(sight: Sight) -> Found {
    let mode = match std::fs::metadata(sight.host.file("/tmp")) {
        Ok(found) => found.permissions().mode() & 0o7777,
        Err(error) => return Found::unreadable("/tmp", &error),
    };
    if mode & 0o002 != 0 && mode & 0o1000 == 0 {
        return Found::fail("everybody may remove everybody's files from /tmp")
            .details([format!("its mode is {mode:04o}, not 1777")])
            .remedy("sudo chmod 1777 /tmp")
            .mend(sight.set_mode(&sight.host.file("/tmp"), 0o1777));
    }
    Found::ok(format!("mode {mode:04o}"))
}

/// Without a line in the hosts file every `sudo` waits for the resolver.
pub(super) async fn hostname(sight: Sight) -> Found {
    let own = match sight.text("/proc/sys/kernel/hostname") {
        Ok(Some(own)) => own.trim().to_owned(),
        Ok(None) => return Found::skipped("this system does not tell"),
        Err(error) => return Found::unreadable("the host name", &error),
    };
    let hosts = match sight.text("/etc/hosts") {
        Ok(Some(hosts)) => hosts,
        Ok(None) => return Found::skipped("there is no /etc/hosts"),
        Err(error) => return Found::unreadable("/etc/hosts", &error),
    };
    let files_first = match sight.text("/etc/nsswitch.conf") {
        Ok(Some(text)) => !text.lines().any(|line| {
            line.starts_with("hosts:") && line.split_whitespace().any(|word| word == "myhostname")
        }),
        Ok(None) | Err(_) => true,
    };
    let named = hosts
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .any(|line| line.split_whitespace().skip(1).any(|name| name == own));
    if named || !files_first || own.is_empty() {
        return Found::ok("it does");
    }
    Found::warn("the machine's own name is not in /etc/hosts, so every sudo asks the network")
        .remedy(format!("add to /etc/hosts: 127.0.1.1 {own}"))
        .mend(sight.add_line(&sight.host.file("/etc/hosts"), &format!("127.0.1.1 {own}")))
}
