//! Whatever is in the way, every check comes to an end and says so.

use crate::patient::Patient;
use d1_core::{Finding, Verdict};
use d1_executor::all_checks;
use std::{collections::BTreeMap, ffi::OsStr, fs, os::unix::ffi::OsStrExt as _, process::Command};

/// Nothing is claimed that could not be seen.
fn no_false_alarm(findings: &BTreeMap<String, Finding>) {
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

/// Everything that a check may ask.
const PROGRAMS: [&str; 17] = [
    "apt-config",
    "bash",
    "docker",
    "dockerd",
    "fish",
    "git",
    "go",
    "gpg",
    "java",
    "node",
    "npm",
    "pip",
    "podman",
    "python3",
    "ssh",
    "ssh-keygen",
    "zsh",
];

/// A machine on which every program does the same, and every check has a reason to ask.
fn where_every_program(script: &str) -> Patient {
    let mut patient = Patient::healthy();
    patient.enter_repository();
    for name in PROGRAMS {
        patient.program(name, script);
    }
    patient.write("/home/maya/.ssh/config", "Host lab\n");
    patient.mode("/home/maya/.ssh/config", 0o600);
    patient.write("/home/maya/.ssh/id_rsa.pub", "ssh-rsa AAAA maya\n");
    patient.write("/home/maya/.zshrc", "");
    patient.write("/home/maya/.config/fish/config.fish", "");
    for folder in ["/usr/bin", "/home/maya/.local/bin"] {
        let path = format!("{folder}/nvim");
        patient.write(&path, format!("#!/bin/sh\n{script}\n"));
        patient.mode(&path, 0o755);
    }
    patient.write("/bin/sh", "");
    patient.set("PATH", "/usr/bin:/bin:/home/maya/.local/bin");
    patient
}

#[tokio::test]
async fn programs_that_never_answer_keep_no_check_waiting() {
    let patient = where_every_program("exec /bin/sleep 600");
    let findings = patient.examine().await;
    assert_eq!(findings.len(), all_checks().count());
    let asking = [
        "apt.config",
        "apt.keys.expired",
        "git.config",
        "git.credential",
        "git.identity",
        "git.newlines",
        "git.safe_directory",
        "git.version",
        "gpg.signing",
        "gpg.tty",
        "node.starts",
        "py.modules",
        "shell.startup",
        "ssh.config",
    ];
    for id in asking {
        assert_eq!(findings[id].verdict, Verdict::Unknown, "{id}: {}", findings[id].summary);
    }
    no_false_alarm(&without_engine(findings));
}

#[tokio::test]
async fn programs_that_say_megabytes_of_garbage_are_not_repeated() {
    let garbage = "exec /usr/bin/head -c 4000000 /dev/urandom";
    let findings = where_every_program(garbage).examine().await;
    assert_eq!(findings.len(), all_checks().count());
    for finding in findings.values() {
        let texts = [&finding.details, &finding.remedy].into_iter().flatten();
        for text in texts.chain([&finding.summary]) {
            assert!(text.chars().count() <= 401, "{}: {}", finding.check, text.len());
            assert!(!text.contains(char::is_control), "{}: {text:?}", finding.check);
        }
    }
    no_false_alarm(&without_engine(findings));
}

#[tokio::test]
async fn programs_that_are_killed_have_said_nothing() {
    let mut findings = where_every_program("kill -9 $$").examine().await;
    assert_eq!(findings.len(), all_checks().count());
    // That node does not start is so.
    assert!(findings.remove("node.starts").unwrap().is_trouble());
    no_false_alarm(&without_engine(findings));
}

/// That no engine listens is so, on a machine that has one.
fn without_engine(mut findings: BTreeMap<String, Finding>) -> BTreeMap<String, Finding> {
    assert!(findings.remove("docker.daemon").unwrap().is_trouble());
    findings
}

#[tokio::test]
async fn a_folder_in_the_place_of_every_file_is_survived() {
    let patient = Patient::healthy();
    for (path, _, _) in patient.snapshot() {
        if path.is_file() && !path.starts_with(patient.at("/tools")) {
            fs::remove_file(&path).unwrap();
            fs::create_dir(&path).unwrap();
        }
    }
    let mut findings = patient.examine().await;
    assert_eq!(findings.len(), all_checks().count());
    assert_eq!(findings["apt.broken"].verdict, Verdict::Unknown);
    // A folder has another mode than the file it stands for.
    findings.retain(|id, _| !id.ends_with(".perms"));
    // Nothing runs without a policy that can be read, and git knows nobody without settings.
    assert!(findings.remove("d1.policy").unwrap().is_trouble());
    assert!(findings.remove("git.identity").unwrap().is_trouble());
    findings.remove("net.ca.bundle");
    for id in ["proj.file", "d1.db"] {
        assert!(findings.remove(id).unwrap().is_trouble(), "{id}: a folder is no file");
    }
    no_false_alarm(&findings);
}

#[tokio::test]
async fn nothing_is_written_into_a_home_that_cannot_be_written() {
    let patient = where_every_program("exit 0");
    patient.mode("/home/maya", 0o500);
    let before = patient.snapshot();
    let findings = patient.examine().await;
    assert_eq!(findings.len(), all_checks().count());
    assert_eq!(patient.snapshot(), before);
}

#[tokio::test]
async fn what_others_wrote_does_not_steer_the_terminal() {
    let mut patient = Patient::healthy();
    patient.set("EDITOR", "gone\u{1b}[2J");
    let findings = patient.examine().await;
    assert_eq!(findings["shell.editor"].details, ["EDITOR is gone [2J"]);
}
