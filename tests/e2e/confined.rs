//! `d1-doctor run`: one command behind walls.

use d1_world::{Desk, Ran};
use std::fs;

/// The file that only the administrator reads, and we do.
const SHADOW: &str = "/etc/shadow";

/// Runs `d1-doctor run` where every machine has a folder.
fn run(args: &[&str]) -> Ran {
    let desk = Desk::at_this_machine();
    let mut command = desk.program("d1-doctor");
    command.arg("run").args(args).current_dir("/");
    d1_world::run(command)
}

#[test]
fn a_confined_command_has_its_words_and_its_exit_code_passed_through() {
    let (desk, home) = (Desk::at_this_machine(), tempfile::tempdir_in("/var/lib").unwrap());
    fs::create_dir(home.path().join("work")).unwrap();
    let line = "echo out; echo err >&2; echo made > ~/work/new; exit 42";
    let mut command = desk.program("d1-doctor");
    command.args(["run", "--", "sh", "-c", line]).env("HOME", home.path()).current_dir(&home);
    let ran = command.output().unwrap();
    assert_eq!(ran.status.code(), Some(42), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!((ran.stdout.as_slice(), ran.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
    assert_eq!(fs::read_to_string(home.path().join("work/new")).unwrap(), "made\n");
}

#[test]
fn a_confined_command_does_not_read_what_we_could() {
    assert!(fs::read(SHADOW).is_ok(), "the test has to run as root");
    let ran = run(&["--profile", "diagnose", "--", "cat", SHADOW]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("Permission denied"), "{}", ran.stderr);
}

#[test]
fn the_document_of_a_confined_command_tells_every_wall() {
    let ran = run(&["--profile", "diagnose", "--json", "--", "sh", "-c", "exit 3"]);
    let told: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, told["exit_code"].as_i64()), (3, Some(3)));
    let layers = told["isolation"]["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 14, "nothing is claimed about a network that is not there");
    assert!(layers.iter().all(|layer| layer["in_force"] == true), "{layers:?}");
    assert_eq!(told["isolation"]["profile"], "diagnose");
    assert_eq!(told["grant"].as_str().unwrap().len(), 64);
}

#[test]
fn what_a_confined_command_cannot_have_is_told_before_it_runs() {
    let ran = run(&["--touch", "/proc/sys", "--", "true"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("D1-BOX-003") && ran.stderr.contains("nothing was run"));
    let ran = run(&["--profile", "diagnose", "--timeout", "1", "--", "sleep", "60"]);
    assert_eq!(ran.code, 124, "{}", ran.stderr);
    let ran = run(&["--profile", "diagnose", "--", "no-such-program-d1"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("there is no program `no-such-program-d1`"), "{}", ran.stderr);
}

#[test]
fn a_folder_that_cannot_be_seen_from_inside_is_no_place_to_start() {
    let (desk, home) = (Desk::at_this_machine(), tempfile::tempdir_in("/var/lib").unwrap());
    let hidden = tempfile::tempdir_in("/srv").unwrap();
    let start = |more: &[&str]| {
        let mut command = desk.program("d1-doctor");
        command.arg("run").args(more).args(["--", "true"]);
        command.env("HOME", home.path()).current_dir(&hidden);
        d1_world::run(command)
    };
    let refused = start(&[]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("next   or give the folder to the command: add --touch ."));
    let ran = start(&["--touch", "."]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn who_asks_and_fails_is_told_what_it_asked_and_how_it_does_not_ask() {
    let line = "printf 'Do you want to continue? [Y/n] '; read answer || exit 1";
    let ran = run(&["--profile", "diagnose", "--", "sh", "-c", line, "apt-get"]);
    let told = "d1-doctor: it asked `Do you want to continue? [Y/n]`, and nobody can answer here; \
        so that it does not ask: apt-get -y, with DEBIAN_FRONTEND=noninteractive\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (1, told));
    let ran = run(&["--profile", "diagnose", "--json", "--", "sh", "-c", line, "apt-get"]);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["asked"]["question"], "Do you want to continue? [Y/n]");
    assert_eq!(document["asked"]["waited"], false);
}

#[test]
fn who_waits_for_input_is_told_while_it_waits() {
    use std::io::{BufRead as _, BufReader};
    let desk = Desk::at_this_machine();
    let mut command = desk.program("d1-doctor");
    command.args(["run", "--profile", "diagnose", "--", "sh", "-c"]).current_dir("/");
    command.arg("mkfifo /tmp/door; printf 'Name? '; exec cat /tmp/door");
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let told = lines.map_while(Result::ok).find(|line| !line.is_empty());
    assert_eq!(
        told.as_deref(),
        Some("d1-doctor: `cat` waits for input after `Name?`, and there is none here")
    );
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn when_we_are_killed_nothing_of_the_command_goes_on() {
    let desk = Desk::at_this_machine();
    let mark = format!("7{}", std::process::id());
    let lives = || {
        let lines = fs::read_dir("/proc").unwrap().flatten();
        let mut lines = lines.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
        lines.any(|line| {
            line.starts_with(b"sleep\0") && line.ends_with(format!("{mark}\0").as_bytes())
        })
    };
    let wait_until = |wanted: bool| {
        let patience = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while lives() != wanted {
            assert!(std::time::Instant::now() < patience, "it never became {wanted}");
            std::thread::yield_now();
        }
    };
    let mut command = desk.program("d1-doctor");
    let line = format!("trap '' TERM HUP; setsid sleep {mark} & wait");
    command.args(["run", "--profile", "diagnose", "--", "sh", "-c", &line]).current_dir("/");
    let mut child = command.spawn().unwrap();
    wait_until(true);
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until(false);
}

#[test]
fn each_bound_of_the_owner_has_an_outcome_of_its_own_in_the_document() {
    let desk = Desk::at_this_machine();
    let home = tempfile::tempdir_in("/var/lib").unwrap();
    let config = home.path().join(".config/d1-doctor");
    fs::create_dir_all(&config).unwrap();
    let limits = "[limits]\nmemory = 134217728\nprocesses = 40\ncpu_seconds = 1\n\
        file_bytes = 2097152\noutput_bytes = 8388608\n";
    fs::write(config.join("policy.toml"), limits).unwrap();
    let outcome = |more: &[&str], argv: &[&str]| {
        let mut command = desk.program("d1-doctor");
        command.args(["run", "--json"]).args(more).arg("--").args(argv);
        command.env("HOME", home.path()).env("XDG_CONFIG_HOME", home.path().join(".config"));
        command.current_dir(&home);
        let ran = d1_world::run(command);
        let told: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        (word(&told["outcome"]), ran.code, word(&told["problem"]["code"]))
    };
    let bomb = "b() { b | b & wait; }; b";
    let write = ["sh", "-c", "exec head -c 3M /dev/zero > /tmp/x"];
    let spin = ["sh", "-c", "while :; do :; done"];
    let cases: [(&[&str], &str, i32, &str); 7] = [
        (&["tail", "/dev/zero"], "out_of_memory", 1, "D1-EXEC-013"),
        (&["bash", "-c", bomb], "too_many_processes", 1, "D1-EXEC-009"),
        (&spin, "cpu_time", 1, "D1-EXEC-011"),
        (&write, "file_size", 1, "D1-EXEC-012"),
        (&["yes"], "output_limit", 1, "D1-EXEC-010"),
        (&["sleep", "600"], "timed_out", 124, "D1-EXEC-004"),
        (&["true"], "exited", 0, ""),
    ];
    for (argv, wanted, exit, problem) in cases {
        let more: &[&str] = if wanted == "timed_out" { &["--timeout", "1"] } else { &[] };
        let told = outcome(more, argv);
        assert_eq!((told.0.as_str(), told.1, told.2.as_str()), (wanted, exit, problem));
    }
}

#[test]
fn a_host_that_was_not_allowed_is_told_by_name_with_what_to_type() {
    let asks = ["--profile", "diagnose", "--allow-host", "good.example.org"];
    let line = ["--", "sh", "-c", "getent hosts good.example.org >&2; getent hosts evil.org"];
    let ran = run(&[&asks[..], &line[..]].concat());
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let told = "d1-doctor: `evil.org` was refused: its name is not allowed; to allow it: \
        --allow-host evil.org\n";
    assert!(ran.stderr.starts_with("198.18.1.0") && ran.stderr.ends_with(told), "{}", ran.stderr);
    let ran = run(&[&asks[..], &["--json"], &line[..]].concat());
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let decisions = document["isolation"]["network"]["decisions"].as_array().unwrap();
    let of = |host: &str| decisions.iter().find(|it| it["host"] == host).unwrap();
    assert_eq!(of("good.example.org")["allowed"], true);
    assert_eq!(of("evil.org")["reason"], "name_not_allowed");
    let layers = document["isolation"]["layers"].as_array().unwrap();
    let layer = layers.iter().find(|layer| layer["name"] == "network by name").unwrap();
    assert_eq!(layer["in_force"], true);
    // Without a host there is no network, and nobody to ask.
    let ran = run(&["--profile", "diagnose", "--", "getent", "hosts", "good.example.org"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (2, ""));
}

#[test]
fn what_is_no_host_or_everybodys_is_refused_before_anything_runs() {
    for (args, said) in [
        (["--allow-host", "*.com"], "anybody can have a name below `com`"),
        (["--allow-host", "10.0.0.1"], "is an address and not a name"),
        (["--allow-host", "a.org:http"], "is not a port"),
        (["--inside", "10.0.0.0/8"], "--allow-host"),
    ] {
        let ran = run(&[&args[..], &["--", "true"]].concat());
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
}
