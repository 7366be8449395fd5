//! The kernel that runs, and the services it started.

use super::super::{check::Found, sight::Sight};
use crate::facts::is_container;
use std::fs;

/// Where kernels keep what they load when it is needed.
const MODULES: [&str; 2] = ["/lib/modules", "/usr/lib/modules"];

/// Some systems remove the kernel that runs when they install a newer one; from then on nothing
/// more can be loaded: no network for containers, no file system of a stick.
pub(super) async fn modules(sight: Sight) -> Found {
    if is_container(&sight.host) {
        return Found::skipped("a container runs on the kernel of another machine");
    }
    let release = match sight.text("/proc/sys/kernel/osrelease") {
        Ok(Some(release)) => release.trim().to_owned(),
        Ok(None) => return Found::skipped("this system does not tell"),
        Err(error) => return Found::unreadable("the release of the kernel", &error),
    };
    let mut others = Vec::new();
    for folder in MODULES {
        let Ok(entries) = fs::read_dir(sight.host.file(folder)) else { continue };
        // Headers make a folder, too; what can be loaded is listed in this file.
        let whole = entries.flatten().filter(|entry| entry.path().join("modules.dep").exists());
        others.extend(whole.map(|entry| entry.file_name().to_string_lossy().into_owned()));
    }
    if others.is_empty() {
        return Found::skipped("this system's kernel is kept elsewhere");
    }
    if others.contains(&release) {
        return Found::ok(release);
    }
    // One that was never a package here, as clouds start it, was not removed either.
    if !others.iter().any(|other| kind(other) == kind(&release)) {
        return Found::skipped("the kernel that runs is none of this system's own");
    }
    others.sort();
    others.dedup();
    Found::warn("the kernel that runs was removed, and can load nothing more")
        .details([format!("{release} runs, and {} is there", others.join(", "))])
        .remedy("restart the machine when it suits you")
}

/// What kernels of one package have in common: `6.1.0-9-amd64` and `6.1.0-13-amd64` are `amd`.
fn kind(release: &str) -> String {
    release.chars().filter(|letter| letter.is_ascii_alphabetic()).collect()
}

pub(super) async fn services(sight: Sight) -> Found {
    // The one test that systemd itself documents: sd_booted(3).
    if !sight.host.file("/run/systemd/system").exists() || !sight.has("systemctl") {
        return Found::skipped("systemd does not run here");
    }
    let words =
        ["systemctl", "list-units", "--state=failed", "--plain", "--no-legend", "--no-pager"];
    let said = match sight.ask(&words).await {
        Ok(said) if said.ok() => said.stdout,
        Ok(said) => {
            let why = said.text();
            let why = why.lines().find(|line| !line.is_empty()).unwrap_or("it does not say why");
            return Found::unknown(format!("systemd does not tell: {why}"));
        }
        Err(error) => return Found::unknown(format!("systemd does not tell: {error}")),
    };
    let failed: Vec<&str> = said.lines().filter_map(|l| l.split_whitespace().next()).collect();
    if failed.is_empty() {
        return Found::ok("none has");
    }
    Found::warn("services of this machine have failed")
        .details(failed)
        .remedy("see why: systemctl status <service>")
        .remedy("then start it again: sudo systemctl restart <service>")
}
