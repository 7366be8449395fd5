//! A Debian as its installer leaves it: the doctor has nothing to complain of.
//!
//! Needs root, debootstrap, and the mirror that this machine's own apt uses.

use d1_world::Desk;
use std::{fs, path::Path, process::Command};

/// Disks, memory and processors are those of this machine, and so is what is wrong with them.
const SHARED: [&str; 7] =
    ["sys.disk.", "sys.mem.", "sys.load", "sys.oom.", "sys.pids", "sys.reboot.", "sys.zombies"];

/// How this machine calls its release, and where its packages come from.
fn release_and_mirror() -> (String, String) {
    let release = fs::read_to_string("/etc/os-release").unwrap();
    let line = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    let codename = line.expect("this test needs a Debian").to_owned();
    let args = ["indextargets", "--format", "$(RELEASE) $(REPO_URI)"];
    let listed = Command::new("apt-get").args(args).output().expect("this test needs apt");
    let listed = String::from_utf8(listed.stdout).unwrap();
    let mirror = listed.lines().find_map(|line| line.strip_prefix(&format!("{codename} ")));
    (codename, mirror.expect("apt knows a mirror").to_owned())
}

/// Runs a line of shell in a mount and process namespace of its own.
fn apart(desk: &Desk, script: &str, root: &Path) -> d1_world::Ran {
    let mut command = desk.program_at("unshare");
    command.args(["--mount", "--pid", "--fork", "sh", "-euc", script, "sh"]).arg(root);
    d1_world::run(command)
}

#[test]
fn a_fresh_debian_is_told_nothing_but_that_it_has_no_git() {
    let desk = Desk::at_this_machine();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("debian");
    let (codename, mirror) = release_and_mirror();
    let made = Command::new("debootstrap")
        .args(["--variant=minbase", &codename])
        .arg(&root)
        .arg(&mirror)
        .output()
        .expect("this test needs debootstrap");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
    fs::copy(Desk::built("d1-doctor"), root.join("usr/local/bin/d1-doctor")).unwrap();
    let script = r#"
        mount -t proc proc "$1/proc"
        mount --rbind /dev "$1/dev"
        exec env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            chroot "$1" d1-doctor diagnose --deep --offline --json --state-dir /state
    "#;
    let ran = apart(&desk, script, &root);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let document = ran.json();
    let findings = document["findings"].as_array().unwrap();
    let names = |verdict: &str| -> Vec<&str> {
        let found = findings.iter().filter(|finding| finding["verdict"] == verdict);
        let names = found.map(|finding| finding["check"].as_str().unwrap());
        names.filter(|name| !SHARED.iter().any(|shared| name.starts_with(shared))).collect()
    };
    // What it is told is true: there is none.
    assert_eq!(names("warn"), ["git.present"], "{document:#}");
    assert_eq!(names("fail"), [""; 0], "{document:#}");
    assert_eq!(names("unknown"), [""; 0], "{document:#}");
}
