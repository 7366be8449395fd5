//! What containers need that run without an administrator.

use super::{
    super::{check::Found, sight::Sight},
    accounts::user,
};
use d1_core::{Manager, Step};

/// How many numbers a user's containers get, as useradd(8) gives them.
const RANGE: u64 = 65_536;
/// The first number that is given, as in useradd(8).
const FIRST: u64 = 100_000;
/// The programs that run containers so.
const TOOLS: [&str; 3] = ["podman", "buildah", "dockerd-rootless.sh"];
/// Which numbers are whose: `subuid(5)`, `subgid(5)`.
const FILES: [&str; 2] = ["/etc/subuid", "/etc/subgid"];

/// Why there is nothing to look at.
fn not_needed(sight: &Sight) -> Option<Found> {
    if !TOOLS.iter().any(|tool| sight.has(tool)) {
        Some(Found::skipped("nothing here runs containers without an administrator"))
    } else if sight.uid == 0 {
        Some(Found::skipped("the administrator does not need it"))
    } else {
        None
    }
}

pub(super) async fn numbers(sight: Sight) -> Found {
    if let Some(found) = not_needed(&sight) {
        return found;
    }
    let Some(user) = user(&sight) else {
        return Found::unknown("this user is not in /etc/passwd");
    };
    let switch = sight.text("/etc/nsswitch.conf").ok().flatten().unwrap_or_default();
    if switch.lines().any(|line| line.starts_with("subid:")) {
        return Found::skipped("they are not kept in files here");
    }
    let own = [format!("{}:", user.name), format!("{}:", sight.uid)];
    let (mut missing, mut steps): (Vec<String>, Vec<Step>) = (Vec::new(), Vec::new());
    for file in FILES {
        let text = match sight.text(file) {
            Ok(text) => text.unwrap_or_default(),
            Err(error) => return Found::unreadable(file, &error),
        };
        if text.lines().any(|line| own.iter().any(|own| line.starts_with(own))) {
            continue;
        }
        missing.push(format!("{file} has no line for {}", user.name));
        let line = format!("{}:{}:{RANGE}", user.name, free_after(&text));
        steps.extend(sight.add_line(&sight.host.file(file), &line));
    }
    if missing.is_empty() {
        return Found::ok("they have");
    }
    Found::fail("no container can be started without an administrator: it has no users to give")
        .details(missing)
        .remedy(format!(
            "sudo usermod --add-subuids {FIRST}-{} --add-subgids {FIRST}-{0} {1}",
            FIRST + RANGE - 1,
            user.name
        ))
        .mend(steps)
}

/// The first number after all that are given away.
fn free_after(text: &str) -> u64 {
    let end = |line: &str| {
        let mut fields = line.split(':').skip(1);
        let first: u64 = fields.next()?.parse().ok()?;
        first.checked_add(fields.next()?.trim().parse().ok()?)
    };
    text.lines().filter_map(end).max().unwrap_or(FIRST).max(FIRST)
}

pub(super) async fn tools(sight: Sight) -> Found {
    if let Some(found) = not_needed(&sight) {
        return found;
    }
    if sight.has("newuidmap") && sight.has("newgidmap") {
        return Found::ok("they are");
    }
    let names = [
        (Manager::Dnf, "shadow-utils"),
        (Manager::Pacman, "shadow"),
        (Manager::Zypper, "shadow"),
        (Manager::Apk, "shadow-uidmap"),
    ];
    Found::fail("no container can be started without an administrator: newuidmap is not there")
        .remedy("d1-doctor install uidmap")
        .mend(sight.install("uidmap", &names))
}

pub(super) async fn name_spaces(sight: Sight) -> Found {
    if let Some(found) = not_needed(&sight) {
        return found;
    }
    let switches =
        ["/proc/sys/user/max_user_namespaces", "/proc/sys/kernel/unprivileged_userns_clone"];
    let is_off = |file: &&&str| sight.text(file).ok().flatten().is_some_and(|v| v.trim() == "0");
    let off: Vec<String> =
        switches.iter().filter(is_off).map(|file| format!("{file} is 0")).collect();
    if off.is_empty() {
        return Found::ok("it does");
    }
    Found::fail("the kernel lets nobody but the administrator make containers")
        .details(off)
        .remedy("in /etc/sysctl.d/: user.max_user_namespaces = 15000")
        .remedy("on Debian, too: kernel.unprivileged_userns_clone = 1; then: sudo sysctl --system")
}
