//! Every word a person reads, kept beside this file as it was last agreed upon.
//!
//! A change of words is a change somebody has to look at: run with `INSTA_UPDATE=always`, and
//! read the difference. What differs from run to run (ids, times, sizes, places) has a
//! placeholder.

use d1_world::{AptRoot, Desk, Ran};
use insta::{assert_snapshot, with_settings};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

/// What differs from run to run.
const FILTERS: [(&str, &str); 18] = [
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uuid>"),
    (r"\b[0-9a-f]{64}\b", "<digest>"),
    (r"\b[0-9a-f]{8}\b", "<id>"),
    (r"\b\d\d:\d\d:\d\d\b", "<clock>"),
    (r"\b\d{4}-\d\d-\d\d\b", "<day>"),
    (r"\b1\d{12}\b", "<millis>"),
    (r"(done in|failed after) [\d.]+ ?m?s", "$1 <took>"),
    (r#""seq":\d+"#, "\"seq\":<n>"),
    (r"([a-z)])  [\d.]+ ?(ms|s)\b", "$1  <took>"),
    (r"machine    load .*", "machine    <measured>"),
    (r"\b[\d.]+ (B|kB|MB)\b", "<size>"),
    (r#"("(?:load|memory_[a-z_]+)": ?)[\d.]+"#, "$1<number>"),
    (r#"("(?:duration|took|age|download|disk|max_rss|cpu)[a-z_]*": ?)-?\d+"#, "$1<number>"),
    (r"/tmp/\.tmp\w+", "<folder>"),
    (r"process \d+|pid \d+", "<process>"),
    (r"\b(now|\d+ min ago) *", "<ago> "),
    // dpkg and apt say these on the one stream and what follows on the other: they have no order.
    (r"(?m)^2\|   │ Setting up failing \(1\.0\) \.\.\.\n", ""),
    (r"(?m)^2\|   │ E: (Failed to fetch|Some index files) .*\n", ""),
];

/// What was typed, and all that came back.
struct Transcript<'a> {
    desk: &'a Desk,
    text: String,
}

impl<'a> Transcript<'a> {
    fn at(desk: &'a Desk) -> Self {
        Self { desk, text: String::new() }
    }

    fn run(mut self, args: &[&str]) -> Self {
        let ran = self.desk.doctor(args);
        self.note(&format!("d1-doctor {}", args.join(" ")), &ran);
        self
    }

    /// What is left out comes in pieces that differ from run to run.
    fn run_without(mut self, left_out: &str, args: &[&str]) -> Self {
        let mut ran = self.desk.doctor(args);
        let kept = ran.stdout.lines().filter(|line| !line.contains(left_out));
        ran.stdout = kept.map(|line| format!("{line}\n")).collect();
        self.note(&format!("d1-doctor {}", args.join(" ")), &ran);
        self
    }

    fn note(&mut self, typed: &str, ran: &Ran) {
        self.text += &format!("$ {typed}\n{}", ran.stdout);
        for line in ran.stderr.lines() {
            self.text += &format!("2| {line}\n");
        }
        self.text += &format!("(exit code {})\n\n", ran.code);
    }

    fn compare(&self, name: &str) {
        with_settings!({
            filters => FILTERS,
            snapshot_path => "words",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            assert_snapshot!(name, self.text.trim_end());
        });
    }
}

#[test]
fn of_an_installation_and_its_undo() {
    let apt = AptRoot::usual();
    Transcript::at(&Desk::at(&apt))
        .run(&["status"])
        .run(&["plan", "greeter"])
        .run(&["install", "greeter", "--dry-run"])
        .run(&["install", "greeter", "--yes"])
        .run(&["install", "greeter", "--yes"])
        .run(&["status"])
        .run(&["status", "last"])
        .run(&["why", "greeter-words"])
        .run(&["logs", "last"])
        .run(&["undo", "last", "--dry-run"])
        .run(&["undo", "last", "--yes"])
        .run(&["history"])
        .run(&["undo", "last", "--yes"])
        .compare("installation");
}

#[test]
fn of_a_step_that_fails() {
    let apt = AptRoot::usual();
    Transcript::at(&Desk::at(&apt))
        .run(&["install", "single", "failing", "--yes"])
        .run(&["status", "last"])
        .run(&["resume", "last", "--yes"])
        .run(&["undo", "last", "--yes"])
        .run(&["history"])
        .compare("failure");
}

#[test]
fn of_a_mirror_that_is_away() {
    let apt = AptRoot::usual();
    apt.unplug();
    Transcript::at(&Desk::at(&apt))
        .run(&["install", "fish", "--yes"])
        .run(&["plan", "nothing-like-this"])
        .compare("no_mirror");
}

#[test]
fn of_refusals() {
    let apt = AptRoot::usual();
    // A command that two packages bring, as `apt-file` would tell.
    let tools = tempfile::tempdir().unwrap();
    let fake = tools.path().join("apt-file");
    fs::write(&fake, "#!/bin/sh\ncase \"$*\" in *twin*) echo single; echo greeter;; esac\n")
        .unwrap();
    fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", tools.path().display(), std::env::var("PATH").unwrap());
    let desk = Desk::at(&apt).with("PATH", &path);
    Transcript::at(&desk)
        .run(&["install", "greter", "--yes"])
        .run(&["install", "nothing-like-this", "--yes"])
        .run(&["install", "twin", "--yes"])
        .run(&["install", "broken", "--yes"])
        .run(&["install", "x;reboot", "--yes"])
        .run(&["install"])
        .run(&["install", "--frobnicate"])
        .run(&["frobnicate"])
        .run(&["install", "single"])
        .run(&["undo", "last", "--yes"])
        .run(&["resume", "last"])
        .run(&["cancel", "last"])
        .run(&["status", "deadbeef"])
        .run(&["why", "single"])
        .run(&["logs", "last"])
        .run(&["history"])
        .run(&["status", "--state-dir", "/proc/nowhere"])
        .run(&["install", "single", "--socket", "/tmp/no-daemon-here", "--yes"])
        .compare("refusals");
}

#[test]
fn of_the_policy() {
    let desk = Desk::at_this_machine();
    let folder = desk.state(".config/d1-doctor");
    fs::create_dir_all(&folder).unwrap();
    let policy = "[[forbid]]\nname = 'no-push'\nwhy = 'people push'\nprogram = 'git'\n\
                  words = ['push']\nmatch = ['git push']\ninstead = 'leave it on a branch'\n\
                  [[protect]]\npath = '/etc/shadow'\nwhy = 'passwords'\n\
                  [[ask]]\nname = 'look'\nwhy = 'somebody should look'\nprogram = 'mv'\n\
                  match = ['mv a b']\n";
    fs::write(folder.join("policy.toml"), policy).unwrap();
    let transcript = Transcript::at(&desk)
        .run(&["policy", "check", "--", "cat", "notes"])
        .run(&["policy", "check", "--", "git", "-C", "/x", "push"])
        .run(&["policy", "check", "--", "cp", "/etc/shadow", "x"])
        .run(&["policy", "check", "--profile", "diagnose", "--", "mv", "a", "it's b"])
        .run(&["policy", "check", "--step", "--", "make"])
        .run(&["policy", "check", "--shell", "ls"])
        .run(&["run", "--no-input", "--", "mv", "a", "b"])
        .run(&["run", "--", "git", "push"])
        .run(&["policy", "approve", "ab"])
        .run(&["policy", "check"]);
    fs::write(folder.join("policy.toml"), policy.replace("'git push'", "'git pull'")).unwrap();
    let transcript = transcript.run(&["policy", "check", "--", "true"]);
    fs::set_permissions(folder.join("policy.toml"), fs::Permissions::from_mode(0o666)).unwrap();
    transcript.run(&["run", "--", "true"]).compare("policy");
}

#[test]
fn of_documents() {
    let apt = AptRoot::usual();
    Transcript::at(&Desk::at(&apt))
        .run(&["plan", "single", "--json"])
        .run(&["install", "single", "--yes", "--json"])
        .run(&["install", "single", "--yes", "--json"])
        .run(&["status", "--json"])
        .run(&["history", "--json"])
        .run(&["why", "single", "--json"])
        .run(&["undo", "last", "--yes", "--json"])
        .run(&["install", "greter", "--yes", "--json"])
        .run(&["install", "--frobnicate", "--json"])
        .run_without("\"event\":\"output\"", &["install", "greeter", "--yes", "--output", "ndjson"])
        .compare("documents");
}

#[test]
fn of_the_manual() {
    let desk = Desk::at_this_machine();
    let commands = [
        "install",
        "plan",
        "diagnose",
        "undo",
        "resume",
        "cancel",
        "status",
        "history",
        "why",
        "logs",
        "run",
        "policy",
        "credits",
        "devices",
        "completion",
        "man",
        "exit-codes",
    ];
    let mut transcript = Transcript::at(&desk).run(&["--help"]);
    for command in commands {
        transcript = transcript.run(&[command, "--help"]);
    }
    transcript
        .run(&["policy", "check", "--help"])
        .run(&["policy", "approve", "--help"])
        .run(&["credits", "history", "--help"])
        .run(&["credits", "caps", "--help"])
        .run(&["credits", "caps", "set", "--help"])
        .run(&["devices", "purge", "--help"])
        .run(&["diagnose", "--list"])
        .run(&["exit-codes"])
        .run(&["--version"])
        .compare("manual");
}

#[test]
fn completions_and_manual_pages_are_made_for_every_shell_and_command() {
    let desk = Desk::at_this_machine();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = desk.doctor(&["completion", shell]);
        assert_eq!((script.code, script.stderr.as_str()), (0, ""), "{shell}");
        assert!(script.stdout.contains("history"), "{shell}");
    }
    let pages = desk.state("man");
    let made = desk.doctor(&["man", "--dir", pages.to_str().unwrap()]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let names: Vec<String> = fs::read_dir(&pages)
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    for page in ["d1-doctor.1", "d1-doctor-install.1", "d1-doctor-undo.1"] {
        assert!(names.iter().any(|name| name == page), "{page} is not among {names:?}");
    }
    let page = fs::read_to_string(pages.join("d1-doctor-install.1")).unwrap();
    assert!(page.starts_with(".ie") || page.starts_with(".TH"), "{page}");
}

#[test]
fn of_a_person_without_administrator_rights() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    for folder in [apt.path(""), desk.state("")] {
        open_to_all(&folder);
    }
    let mut text = Transcript::at(&desk);
    for args in [["plan", "single"], ["install", "single"]] {
        let mut command = desk.program_at("setpriv");
        let user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
        command.args(user).arg(Desk::built("d1-doctor")).args(args).arg("--no-daemon");
        text.note(&format!("d1-doctor {}", args.join(" ")), &d1_world::run(command));
    }
    text.compare("no_rights");
    assert_eq!(apt.installed(), "");
}

/// Lets everybody into a folder and all that is in it, as a machine's own folders would.
fn open_to_all(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            open_to_all(&entry.path());
        }
    }
}
