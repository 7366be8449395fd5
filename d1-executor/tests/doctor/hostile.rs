//! Whatever is in the way, every check comes to an end and says so.

use crate::patient::Patient;
use d1_core::{Finding, Verdict};
use d1_executor::all_checks;
use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt as _, process::Command};

/// Nothing is claimed that could not be seen.
fn no_false_alarm(findings: &std::collections::BTreeMap<String, Finding>) {
    let alarms: Vec<_> = findings.values().filter(|finding| finding.is_trouble()).collect();
    assert!(alarms.is_empty(), "{alarms:#?}");
}

#[tokio::test]
async fn an_empty_root_and_no_home_are_no_reason_to_worry() {
    let mut patient = Patient::healthy();
    let empty = tempfile::tempdir().unwrap();
    patient.sight.host.root = empty.path().to_path_buf();
    patient.sight.home = None;
    let findings = patient.examine().await;
    // No resolver is trouble, on an empty machine, too, and so is an agent that is named.
    let mut findings = findings;
    findings.retain(|id, _| !["net.resolver", "ssh.agent"].contains(&id.as_str()));
    let unknown = |id: &str| findings[id].verdict == Verdict::Unknown;
    assert!(unknown("sys.disk.home") && unknown("ssh.perms") && unknown("sys.tmp.sticky"));
    no_false_alarm(&findings);
}

#[tokio::test]
async fn binary_garbage_in_every_file_is_survived() {
    let patient = Patient::healthy();
    let garbage: Vec<u8> =
        (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for (path, _, _) in patient.snapshot() {
        if path.is_file() {
            fs::write(path, &garbage).unwrap();
        }
    }
    let findings = patient.examine().await;
    assert_eq!(findings.len(), all_checks().count());
}

#[tokio::test]
async fn a_pipe_in_the_place_of_a_file_stops_nobody() {
    let patient = Patient::healthy();
    for path in [
        "/proc/meminfo",
        "/proc/mounts",
        "/proc/net/route",
        "/proc/vmstat",
        "/etc/hosts",
        "/etc/fstab",
        "/etc/nsswitch.conf",
        "/etc/pip.conf",
        "/etc/apt/sources.list",
        "/etc/apt/apt.conf.d/pipe",
        "/etc/ssl/certs/ca-certificates.crt",
        "/var/lib/dpkg/status",
        "/home/maya/.ssh/pipe",
        "/home/maya/.npmrc",
        "/home/maya/.git",
    ] {
        let path = patient.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if path.exists() {
            fs::remove_file(&path).unwrap();
        }
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }
    let findings = patient.examine().await;
    assert_eq!(findings.len(), all_checks().count());
    let waiting = findings.values().filter(|f| f.summary.starts_with("no answer within"));
    let waiting: Vec<&str> = waiting.map(|finding| finding.check.as_str()).collect();
    assert_eq!(waiting, [""; 0]);
}

#[tokio::test]
async fn ten_thousand_folders_on_the_search_path_are_too_many_to_matter() {
    let mut patient = Patient::healthy();
    let path: Vec<String> = (0..10_000).map(|n| format!("/nowhere/{n}")).collect();
    patient.set("PATH", path.join(":"));
    no_false_alarm(&patient.examine().await);
}

#[tokio::test]
async fn names_that_are_no_text_are_survived() {
    let mut patient = Patient::healthy();
    patient.set("PATH", OsStr::from_bytes(b"/usr/bin:/caf\xe9/\xff"));
    let odd = patient.at("/home/maya/.ssh").join(OsStr::from_bytes(b"id_\xff"));
    fs::write(odd, "not a key").unwrap();
    no_false_alarm(&patient.examine().await);
}

#[tokio::test]
async fn evidence_is_bounded() {
    let patient = Patient::healthy();
    let many: String =
        (0..1000).map(|n| format!("Package: p{n}\nStatus: install ok unpacked\n\n")).collect();
    patient.write("/var/lib/dpkg/status", many);
    let findings = patient.examine().await;
    let details = &findings["apt.broken"].details;
    assert_eq!(details.len(), Finding::MAX_DETAILS);
    assert_eq!(details.last().unwrap(), "and 969 more");
}

#[tokio::test]
async fn a_check_that_gets_no_answer_is_one_that_could_not_be_determined() {
    let mut patient = Patient::healthy();
    let (never, waits) = std::sync::mpsc::channel::<()>();
    let waits = std::sync::Mutex::new(waits);
    patient.sight.space = std::sync::Arc::new(move |_| {
        // As a file system of a server that is away.
        let _forever = waits.lock().map(|waits| waits.recv());
        Err(std::io::Error::other("gone"))
    });
    let findings = patient.examine().await;
    assert_eq!(findings["sys.disk.root"].summary, "no answer within 2 s");
    assert_eq!(findings["sys.disk.root"].verdict, Verdict::Unknown);
    assert_eq!(findings["apt.broken"].verdict, Verdict::Ok);
    drop(never);
}
