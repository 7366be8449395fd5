//! `d1-doctor fix`: found, agreed to, mended, seen to be mended, and taken back.

use d1_world::Desk;
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
};

/// A desk where the key can be read by everybody.
struct Careless {
    desk: Desk,
    key: PathBuf,
}

impl Careless {
    fn new() -> Self {
        let desk = Desk::at_this_machine();
        let key = desk.state(".ssh/id_ed25519");
        fs::create_dir_all(desk.state(".ssh")).unwrap();
        fs::set_permissions(desk.state(".ssh"), Permissions::from_mode(0o700)).unwrap();
        fs::write(&key, "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n").unwrap();
        fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
        Self { desk, key }
    }

    fn mode(&self) -> u32 {
        fs::metadata(&self.key).unwrap().permissions().mode() & 0o777
    }

    fn is_found(&self) -> bool {
        self.desk.doctor(&["diagnose", "ssh.perms", "--exit-code"]).code == 9
    }
}

#[test]
fn what_is_mended_is_found_no_more_until_it_is_taken_back() {
    let careless = Careless::new();
    assert!(careless.is_found());
    let ran = careless.desk.doctor(&["fix", "ssh.perms", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("\n✔ looked again: ssh.perms is fine\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\n  undo       d1-doctor undo "), "{}", ran.stdout);
    assert_eq!((careless.mode(), careless.is_found()), (0o600, false));
    let undone = careless.desk.doctor(&["undo", "last", "--yes"]);
    assert_eq!(undone.code, 0, "{}", undone.stderr);
    assert_eq!((careless.mode(), careless.is_found()), (0o644, true));
}

#[test]
fn what_is_known_of_the_machine_is_what_was_seen_after_the_fix() {
    let careless = Careless::new();
    careless.desk.doctor(&["diagnose", "ssh.perms"]);
    let wrong = || careless.desk.doctor(&["status", "--json"]).json()["doctor"]["wrong"].clone();
    assert_eq!(wrong(), 1);
    careless.desk.doctor(&["fix", "ssh.perms", "--yes"]);
    assert_eq!(wrong(), 0);
}

#[test]
fn nothing_is_mended_without_a_yes_or_in_a_dry_run() {
    let careless = Careless::new();
    let asked = careless.desk.doctor(&["fix", "ssh.perms"]);
    assert_eq!(asked.code, 2);
    assert!(asked.stderr.starts_with("error[D1-INPUT-001]: "), "{}", asked.stderr);
    let dry = careless.desk.doctor(&["fix", "ssh", "--dry-run"]);
    assert_eq!(dry.code, 0, "{}", dry.stderr);
    assert!(dry.stdout.contains("set the permissions of ~/.ssh/id_ed25519 to 600"));
    assert!(dry.stderr.ends_with("a dry run: nothing was changed\n"), "{}", dry.stderr);
    assert_eq!(careless.mode(), 0o644);
}

#[test]
fn a_daemon_mends_as_the_command_does() {
    let careless = Careless::new();
    let _daemon = careless.desk.daemon(&[]);
    let ran = careless.desk.doctor(&["fix", "ssh.perms", "--yes", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let document = ran.json();
    assert_eq!(document["mended"], true);
    assert_eq!(document["setup"]["state"], "succeeded");
    assert_eq!(document["again"][0]["verdict"], "ok");
    assert_eq!(careless.mode(), 0o600);
}

#[test]
fn where_nothing_is_wrong_there_is_nothing_to_fix() {
    let careless = Careless::new();
    fs::set_permissions(&careless.key, Permissions::from_mode(0o600)).unwrap();
    let ran = careless.desk.doctor(&["fix", "ssh.perms"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "✔ nothing to fix\n"));
}

#[test]
fn what_only_a_person_can_mend_is_shown_and_not_called_mended() {
    let desk = Desk::at_this_machine().with("PATH", ".:/usr/bin:/bin");
    let ran = desk.doctor(&["fix", "path.relative", "--yes"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stdout.starts_with("✖ path.relative  "), "{}", ran.stdout);
    let last = "nothing of this can be mended by d1-doctor; nothing was changed\n";
    assert!(ran.stdout.ends_with(last), "{}", ran.stdout);
}

#[test]
fn a_fix_needs_a_name_that_means_something() {
    let desk = Desk::at_this_machine();
    let none = desk.doctor(&["fix"]);
    assert_eq!(none.code, 2, "{}", none.stderr);
    let unknown = desk.doctor(&["fix", "nonsense", "--yes"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.starts_with("error[D1-CHECK-001]: "), "{}", unknown.stderr);
}
