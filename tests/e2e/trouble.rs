//! Everything that can go wrong at a terminal: each tells what, why, what state things are
//! in and what to do, exits with its code, and loses nothing.

use d1_world::{AptRoot, Deb, Desk, finish, signal, until};
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    process::{Command, Stdio},
};

/// The error's first line, and that it has the shape of every error.
fn error_of(stderr: &str) -> String {
    let at = stderr.find("error[D1-").unwrap_or_else(|| panic!("no error in:\n{stderr}"));
    let text = &stderr[at..];
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    for line in rest.lines() {
        let label = line.get(2..7).unwrap_or_default();
        assert!(
            ["cause", "state", "next ", "     "].contains(&label),
            "{line:?} is no part of an error:\n{stderr}"
        );
    }
    first.to_owned()
}

#[test]
fn an_unknown_package_is_refused_with_suggestions() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    let ran = desk.doctor(&["install", "greter", "--yes"]);
    assert_eq!(ran.code, 2);
    assert_eq!(error_of(&ran.stderr), "error[D1-PLAN-001]: nothing called `greter` is known");
    assert!(ran.stderr.contains("next   d1-doctor install greeter\n"), "{}", ran.stderr);
}

#[test]
fn a_name_that_is_no_name_never_reaches_a_command_line() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    for bad in ["-y", "x;reboot", "$(reboot)", "../../etc/passwd", "", "a b", "single-"] {
        let ran = desk.doctor(&["install", "--yes", "--", bad]);
        assert_eq!(ran.code, 2, "{bad:?}: {}{}", ran.stdout, ran.stderr);
    }
    assert_eq!(apt.installed(), "");
}

#[test]
fn a_package_with_a_broken_dependency_is_refused_before_anything_runs() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    let ran = desk.doctor(&["install", "broken", "--yes"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(error_of(&ran.stderr).starts_with("error[D1-APT-003]"), "{}", ran.stderr);
    assert!(ran.stderr.contains("no-such-thing"), "{}", ran.stderr);
    assert_eq!(apt.installed(), "");
}

#[test]
fn a_maintainer_script_that_fails_is_named_with_its_words() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    let ran = desk.doctor(&["install", "failing", "--yes"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(error_of(&ran.stderr).starts_with("error[D1-APT-008]"), "{}", ran.stderr);
    assert!(ran.stderr.contains("boom"), "{}", ran.stderr);
    assert!(ran.stderr.contains("failing"));
}

#[test]
fn a_mirror_that_cannot_be_reached_is_a_network_error() {
    let apt = AptRoot::usual();
    apt.unplug();
    let desk = Desk::at(&apt);
    let ran = desk.doctor(&["install", "fish", "--yes"]);
    assert_eq!(ran.code, 7, "{}{}", ran.stdout, ran.stderr);
    assert!(error_of(&ran.stderr).starts_with("error[D1-APT-004]"), "{}", ran.stderr);
    assert!(ran.stderr.contains("127.0.0.1"), "{}", ran.stderr);
}

#[test]
fn a_held_package_database_is_waited_for_and_its_holder_named() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    let lock = apt.path("root/var/lib/dpkg/lock-frontend");
    fs::write(&lock, "").unwrap();
    let script = "import fcntl,sys; f=open(sys.argv[1],'w'); fcntl.lockf(f,fcntl.LOCK_EX); \
                  print('held',flush=True); sys.stdin.read()";
    let mut holder = Command::new("python3")
        .args(["-c", script, lock.to_str().unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut held = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut held).unwrap();
    let mut install = desk.start(&["install", "single", "--yes"]);
    let mut lines = BufReader::new(install.stderr.take().unwrap());
    let mut said = String::new();
    let named = format!("pid {}", holder.id());
    while !said.contains(&named) {
        assert_ne!(lines.read_line(&mut said).unwrap(), 0, "it never named {named}:\n{said}");
    }
    drop(holder.stdin.take());
    holder.wait().unwrap();
    lines.read_to_string(&mut said).unwrap();
    assert!(install.wait().unwrap().success(), "{said}");
    assert_eq!(apt.installed(), "single ii  2.0\n");
}

#[test]
fn a_full_disk_under_the_state_directory_is_said_and_nothing_is_lost() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    let full = TinyDisk::mount(desk.state("tiny"));
    let state = full.path.to_str().unwrap();
    let ran = desk.doctor(&["install", "single", "--yes", "--state-dir", state]);
    assert_ne!(ran.code, 0);
    assert_ne!(ran.code, 101, "{}", ran.stderr);
    error_of(&ran.stderr);
    assert_eq!(apt.installed(), "", "nothing runs that cannot be written down");
}

/// A file system of 64 KiB, unmounted when dropped.
struct TinyDisk {
    path: std::path::PathBuf,
}

impl TinyDisk {
    fn mount(path: std::path::PathBuf) -> Self {
        fs::create_dir(&path).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
            .arg(&path)
            .status()
            .unwrap();
        assert!(mounted.success(), "these tests mount a tiny file system, which takes root");
        Self { path }
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        let _leaked = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}

#[test]
fn a_state_directory_that_cannot_be_made_is_said() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    let ran = desk.doctor(&["status", "--state-dir", "/proc/nowhere"]);
    assert_eq!(ran.code, 1);
    assert_eq!(
        error_of(&ran.stderr),
        "error[D1-STATE-001]: cannot make the state directory `/proc/nowhere`"
    );
}

#[test]
fn a_reader_that_leaves_early_loses_nothing() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    let mut install = desk.start(&["install", "single", "--yes", "--json"]);
    // `| head -0`: the reader is gone before the first word.
    drop(install.stdout.take());
    let mut stderr = String::new();
    install.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert!(install.wait().unwrap().success(), "{stderr}");
    assert_eq!(apt.installed(), "single ii  2.0\n");
    assert_eq!(desk.doctor(&["status", "last", "--json"]).json()["state"], "succeeded");
}

/// A package whose installation waits until the test lets it go on.
fn slow(apt: &AptRoot) -> std::path::PathBuf {
    let gate = apt.path("root/gate");
    let (begun, open) = (gate.with_extension("begun"), gate.with_extension("open"));
    let script = format!(
        "touch {}\nwhile [ ! -e {} ]; do sleep 0.02; done\n",
        begun.display(),
        open.display()
    );
    apt.add(&[Deb::new("slow", "1.0").postinst(script)]);
    gate
}

#[test]
fn ctrl_c_once_lets_the_step_end_and_starts_nothing_more() {
    let apt = AptRoot::usual();
    let gate = slow(&apt);
    let desk = Desk::at(&apt);
    let install = desk.start(&["install", "slow", "single", "--yes"]);
    until("the package is being set up", || gate.with_extension("begun").exists());
    signal(install.id(), "INT");
    let id = newest(&desk);
    until("the wish is kept", || state_of(&desk, &id) == "stopping");
    fs::write(gate.with_extension("open"), "").unwrap();
    let ran = finish(install);
    assert_eq!(ran.code, 130, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("d1-doctor resume "), "{}", ran.stdout);
    assert!(ran.stdout.contains("d1-doctor undo "), "{}", ran.stdout);
    assert_eq!(apt.installed(), "slow ii  1.0\n");
    let resumed = desk.doctor(&["resume", "last", "--yes"]);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    assert_eq!(apt.installed(), "single ii  2.0\nslow ii  1.0\n");
}

#[test]
fn ctrl_c_three_times_leaves_at_once_and_the_package_manager_ends_in_peace() {
    let apt = AptRoot::usual();
    let gate = slow(&apt);
    let desk = Desk::at(&apt);
    let mut install = desk.start(&["install", "slow", "--yes"]);
    until("the package is being set up", || gate.with_extension("begun").exists());
    let id = newest(&desk);
    signal(install.id(), "INT");
    until("the wish is kept", || state_of(&desk, &id) == "stopping");
    let mut lines = BufReader::new(install.stderr.take().unwrap());
    let mut said = String::new();
    signal(install.id(), "INT");
    while !said.contains("stopping now") {
        assert_ne!(lines.read_line(&mut said).unwrap(), 0, "{said}");
    }
    signal(install.id(), "INT");
    lines.read_to_string(&mut said).unwrap();
    assert_eq!(install.wait().unwrap().code(), Some(130), "{said}");
    assert_eq!(state_of(&desk, &id), "interrupted");
    fs::write(gate.with_extension("open"), "").unwrap();
    let resumed = desk.doctor(&["resume", &id]);
    assert_eq!(apt.installed(), "slow ii  1.0\n", "{}{}", resumed.stdout, resumed.stderr);
    assert_ne!(state_of(&desk, &id), "interrupted");
}

#[test]
fn a_closed_terminal_does_not_stop_the_work() {
    let apt = AptRoot::usual();
    let gate = slow(&apt);
    let desk = Desk::at(&apt);
    let mut install = desk.start(&["install", "slow", "single", "--yes"]);
    until("the package is being set up", || gate.with_extension("begun").exists());
    drop((install.stdout.take(), install.stderr.take()));
    signal(install.id(), "HUP");
    fs::write(gate.with_extension("open"), "").unwrap();
    assert!(install.wait().unwrap().success());
    assert_eq!(apt.installed(), "single ii  2.0\nslow ii  1.0\n");
}

#[test]
fn cancel_from_another_terminal_stops_after_the_step() {
    let apt = AptRoot::usual();
    let gate = slow(&apt);
    let desk = Desk::at(&apt);
    let install = desk.start(&["install", "slow", "single", "--yes"]);
    until("the package is being set up", || gate.with_extension("begun").exists());
    let cancel = desk.start(&["cancel", "last"]);
    let id = newest(&desk);
    until("the wish is kept", || state_of(&desk, &id) == "stopping");
    fs::write(gate.with_extension("open"), "").unwrap();
    assert_eq!(finish(cancel).code, 0);
    assert_eq!(finish(install).code, 130);
    assert_eq!(apt.installed(), "slow ii  1.0\n");
    let again = desk.doctor(&["cancel", "last"]);
    assert_eq!(again.code, 2);
    assert!(error_of(&again.stderr).starts_with("error[D1-SETUP-005]"));
}

#[test]
fn only_one_process_works_on_a_machine_at_a_time() {
    let apt = AptRoot::usual();
    let gate = slow(&apt);
    let desk = Desk::at(&apt);
    let install = desk.start(&["install", "slow", "--yes"]);
    until("the package is being set up", || gate.with_extension("begun").exists());
    let second = desk.doctor(&["install", "single", "--yes"]);
    assert_eq!(second.code, 3, "{}", second.stderr);
    let pid = install.id();
    assert!(
        error_of(&second.stderr).contains(&format!("process {pid} is using")),
        "{}",
        second.stderr
    );
    fs::write(gate.with_extension("open"), "").unwrap();
    assert_eq!(finish(install).code, 0);
}

#[test]
fn a_second_daemon_is_refused_and_names_the_first() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    let daemon = desk.daemon(&[]);
    let mut second = desk.program("d1-daemon");
    second.stderr(Stdio::piped()).stdout(Stdio::piped());
    let second = finish(second.spawn().unwrap());
    assert_eq!(second.code, 3);
    assert!(error_of(&second.stderr).contains(&format!("process {}", daemon.pid())));
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn one_daemon_serves_a_machine_however_many_state_directories_there_are() {
    let (apt, other) = (AptRoot::usual(), AptRoot::usual());
    let desk = Desk::at(&apt);
    let daemon = desk.daemon(&[]);
    let mut second = Desk::at(&other).program("d1-daemon");
    second.env("D1_MACHINE_LOCK", desk.state("machine.lock"));
    second.stderr(Stdio::piped()).stdout(Stdio::piped());
    let second = finish(second.spawn().unwrap());
    assert_eq!(second.code, 3);
    let told = format!("process {} serves this machine already", daemon.pid());
    assert_eq!(error_of(&second.stderr), format!("error[D1-DAEMON-002]: {told}"));
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn a_daemon_that_is_gone_is_said_where_it_was_asked_for() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    let socket = desk.state("daemon.sock");
    let socket = socket.to_str().unwrap();
    let ran = desk.doctor(&["install", "single", "--yes", "--socket", socket]);
    assert_eq!(ran.code, 3);
    assert!(error_of(&ran.stderr).starts_with("error[D1-DAEMON-001]: no daemon listens on"));
    assert_eq!(apt.installed(), "");
}

#[test]
fn a_daemon_that_dies_and_is_started_again_finishes_what_the_command_waits_for() {
    let apt = AptRoot::usual();
    let gate = slow(&apt);
    let desk = Desk::at(&apt);
    let daemon = desk.daemon(&[]);
    let install = desk.start(&["install", "slow", "single", "--yes"]);
    until("the package is being set up", || gate.with_extension("begun").exists());
    daemon.kill();
    fs::write(gate.with_extension("open"), "").unwrap();
    let daemon = desk.daemon(&[]);
    let ran = finish(install);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(apt.installed(), "single ii  2.0\nslow ii  1.0\n");
    assert_eq!((apt.installations("slow"), apt.installations("single")), (1, 1));
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn a_daemon_that_stays_away_is_told_and_resuming_without_it_loses_nothing() {
    let apt = AptRoot::usual();
    let gate = slow(&apt);
    let desk = Desk::at(&apt);
    let daemon = desk.daemon(&[]);
    let install = desk.start(&["install", "slow", "single", "--yes"]);
    until("the package is being set up", || gate.with_extension("begun").exists());
    daemon.kill();
    let ran = finish(install);
    assert_eq!(ran.code, 3, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(error_of(&ran.stderr), "error[D1-DAEMON-005]: the daemon did not come back");
    fs::write(gate.with_extension("open"), "").unwrap();
    let resumed = desk.doctor(&["resume", "last", "--yes"]);
    assert_eq!(resumed.code, 0, "{}{}", resumed.stdout, resumed.stderr);
    assert_eq!(apt.installed(), "single ii  2.0\nslow ii  1.0\n");
    assert_eq!((apt.installations("slow"), apt.installations("single")), (1, 1));
}

fn newest(desk: &Desk) -> String {
    let history = desk.doctor(&["history", "--json"]).json();
    history["setups"][0]["id"].as_str().unwrap().to_owned()
}

fn state_of(desk: &Desk, id: &str) -> String {
    let history = desk.doctor(&["history", "--json"]).json();
    let setups = history["setups"].as_array().unwrap();
    let row = setups.iter().find(|row| row["id"] == id).unwrap();
    row["state"].as_str().unwrap().to_owned()
}
