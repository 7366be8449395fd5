//! The owner's policy, at the terminal: `d1-doctor policy`, and what `run` makes of it.

use d1_world::{Desk, Ran};
use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, chown},
    path::PathBuf,
};
use tempfile::TempDir;

/// Somebody without any rights.
const NOBODY: u32 = 65_534;

/// A desk with a home of its own, in which a policy is written.
struct Owned {
    desk: Desk,
    home: TempDir,
}

impl Owned {
    fn new(policy: &str) -> Self {
        let owned =
            Self { desk: Desk::at_this_machine(), home: tempfile::tempdir_in("/var/lib").unwrap() };
        fs::create_dir_all(owned.path(".config/d1-doctor")).unwrap();
        fs::write(owned.path(".config/d1-doctor/policy.toml"), policy).unwrap();
        fs::create_dir(owned.path("work")).unwrap();
        owned
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn doctor(&self, args: &[&str]) -> Ran {
        let mut command = self.desk.program("d1-doctor");
        command.args(args).env("HOME", self.home.path()).current_dir(self.path("work"));
        d1_world::run(command)
    }
}

const POLICY: &str = "\
[[forbid]]
name = 'no-rm'
why = 'there are no backups'
instead = 'move it to ~/trash'
program = 'rm'
match = ['rm x']

[[protect]]
path = '~/work/letters'
why = 'private'
";

#[test]
fn a_command_that_the_policy_forbids_does_not_run() {
    let owned = Owned::new(POLICY);
    fs::write(owned.path("work/x"), "x").unwrap();
    let ran = owned.doctor(&["run", "--", "rm", "x"]);
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    assert!(ran.stderr.contains("error[D1-POL-004]") && ran.stderr.contains("~/trash"));
    assert!(owned.path("work/x").exists());
    let ran = owned.doctor(&["run", "--", "cat", "x"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "x"), "{}", ran.stderr);
}

#[test]
fn a_command_that_nobody_understands_runs_after_a_yes_to_exactly_it() {
    let owned = Owned::new(POLICY);
    fs::create_dir(owned.path("work/letters")).unwrap();
    fs::write(owned.path("work/letters/one"), "dear").unwrap();
    // It reaches what is protected without a word that tells.
    let line = "cat le*/one; ls; exit 7";
    let ran = owned.doctor(&["run", "--", "sh", "-c", line]);
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    assert!(ran.stderr.contains("`sh` runs what it is given"), "{}", ran.stderr);
    let next = ran.stderr.split("--approve ").nth(1).unwrap();
    let digest = next.split(' ').next().unwrap();
    let other = owned.doctor(&["run", "--approve", digest, "--", "sh", "-c", "exit 0"]);
    assert_eq!(other.code, 6, "{}", other.stderr);
    let ran = owned.doctor(&["run", "--approve", digest, "--", "sh", "-c", line]);
    assert_eq!((ran.code, ran.stdout.as_str()), (7, "letters\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("No such file"), "the walls keep it: {}", ran.stderr);
}

#[test]
fn a_confined_command_does_not_reach_the_policy_of_its_user() {
    let owned = Owned::new("default = 'allow'");
    let line = "cat ~/.config/d1-doctor/policy.toml; echo x > ~/.config/d1-doctor/approved; exit 3";
    let ran = owned.doctor(&["run", "--", "sh", "-c", line]);
    assert_eq!((ran.code, ran.stdout.as_str()), (6, ""), "{}", ran.stderr);
    let line = "cat ~/.conf*/d1-*/policy.toml; echo x > ~/.conf*/d1-doc*/approved; exit 3";
    let ran = owned.doctor(&["run", "--", "sh", "-c", line]);
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{}", ran.stderr);
    assert!(!owned.path(".config/d1-doctor/approved").exists());
}

#[test]
fn a_policy_that_cannot_be_used_lets_nothing_run_and_says_which_line() {
    let owned = Owned::new(&POLICY.replace("['rm x']", "['mv x']"));
    for args in [&["run", "--", "true"][..], &["policy", "check", "--", "true"]] {
        let ran = owned.doctor(args);
        assert_eq!(ran.code, 6, "{}", ran.stderr);
        let said = "line 1: the rule `no-rm` cannot be used: its example `mv x` stands in `match`";
        assert!(ran.stderr.contains("error[D1-POL-002]") && ran.stderr.contains(said));
    }
}

#[test]
fn a_decision_is_told_as_a_document_too() {
    let owned = Owned::new(POLICY);
    for (words, code, decision) in [
        (&["cat", "x"][..], 0, "allow"),
        (&["make"], 9, "needs_approval"),
        (&["rm", "x"], 6, "deny"),
    ] {
        let args = [&["policy", "check", "--json", "--"][..], words].concat();
        let ran = owned.doctor(&args);
        let told = ran.json();
        assert_eq!((ran.code, &told["decision"]), (code, &decision.into()), "{}", ran.stderr);
        assert_eq!(told["schema"], "d1.policy.v1");
        let has_digest = told["digest"].as_str().is_some_and(|digest| digest.len() == 64);
        assert_eq!(has_digest, decision != "deny", "{told}");
    }
}

#[test]
fn a_user_says_yes_to_what_the_users_own_policy_asks() {
    let owned = Owned::new(POLICY);
    let anybody = fs::Permissions::from_mode(0o755);
    for name in ["", "work", ".config", ".config/d1-doctor", ".config/d1-doctor/policy.toml"] {
        chown(owned.path(name), Some(NOBODY), Some(NOBODY)).unwrap();
        fs::set_permissions(owned.path(name), anybody.clone()).unwrap();
    }
    let doctor = |args: &[&str]| {
        let mut command = owned.desk.program_at("setpriv");
        let user = format!("--reuid={NOBODY}");
        command.args([&user, "--regid=65534", "--clear-groups"]).arg(Desk::built("d1-doctor"));
        command.args(args).env("HOME", owned.home.path()).current_dir(owned.path("work"));
        d1_world::run(command)
    };
    let check = ["policy", "check", "--step", "--", "make"];
    let asked = doctor(&check);
    assert_eq!(asked.code, 9, "{}", asked.stderr);
    let digest = asked.stdout.split("d1-doctor policy approve ").nth(1).unwrap().trim();
    let yes = doctor(&["policy", "approve", digest]);
    assert_eq!(yes.code, 0, "{}", yes.stderr);
    let allowed = doctor(&check);
    assert_eq!(allowed.code, 0, "{}", allowed.stdout);
    let other = doctor(&["policy", "check", "--step", "--", "make", "x"]);
    assert_eq!(other.code, 9, "{}", other.stdout);
}

/// Reads what nothing behind walls sees: the init process of the machine, and the passwords.
const LOOKS_OUT: [&str; 2] = ["cat", "/etc/shadow"];

#[test]
fn without_walls_nothing_runs_unless_the_owner_lists_it_and_says_yes_to_it() {
    let run = |owned: &Owned, more: &[&str]| {
        let words = ["run", "--profile", "unconfined"];
        owned.doctor(&[&words[..], more, &["--"], &LOOKS_OUT].concat())
    };
    let unlisted = run(&Owned::new(""), &[]);
    assert_eq!(unlisted.code, 6, "{}", unlisted.stderr);
    assert_eq!(unlisted.stdout, "");
    let owned = Owned::new("profiles = ['home', 'unconfined']");
    let behind = owned.doctor(&[&["run", "--"], &LOOKS_OUT[..]].concat());
    assert!(behind.stderr.contains("Permission denied"), "{}", behind.stderr);
    let unasked = run(&owned, &[]);
    assert_eq!((unasked.code, unasked.stdout.as_str()), (6, ""), "{}", unasked.stderr);
    assert!(unasked.stderr.contains("it would have no walls at all"), "{}", unasked.stderr);
    let next = unasked.stderr.split("--approve ").nth(1).unwrap();
    let digest = next.split(' ').next().unwrap();
    let ran = run(&owned, &["--approve", digest]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stdout, fs::read_to_string("/etc/shadow").unwrap());
    let told = run(&owned, &["--approve", digest, "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    let layers = told["isolation"]["layers"].as_array().unwrap();
    assert!(!layers.iter().any(|layer| layer["name"] == "file view" && layer["in_force"] == true));
}
