//! The audit log of a machine: what is in it, that it is believed, and that nothing is done
//! without it.

mod closed;
mod cloud;
mod judge;

use d1_world::{AptRoot, Desk, Ran};
use serde_json::Value;
use std::fs;

/// Runs `d1-doctor` where every machine has a folder.
fn run(desk: &Desk, args: &[&str]) -> Ran {
    let mut command = desk.program("d1-doctor");
    command.args(args).current_dir("/");
    d1_world::run(command)
}

/// The lines of the log, as they are exported.
fn exported(desk: &Desk) -> Vec<String> {
    let ran = desk.doctor(&["audit", "export", "-"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.stdout.lines().map(str::to_owned).collect()
}

/// The key of the log, as somebody notes it down.
fn key_of(desk: &Desk) -> String {
    let ran = desk.doctor(&["audit", "verify", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.json()["keys"][0].as_str().unwrap().to_owned()
}

/// The newest records, as JSON.
fn shown(desk: &Desk) -> Vec<Value> {
    let ran = desk.doctor(&["audit", "show", "--limit", "1000", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.json()["records"].as_array().unwrap().clone()
}

fn kinds(records: &[Value]) -> Vec<&str> {
    records.iter().map(|it| it["record"]["kind"].as_str().unwrap()).collect()
}

/// Every way to change a log, by name.
fn tamper(lines: &[String]) -> Vec<(&'static str, Vec<String>)> {
    type Change = fn(&mut Vec<String>);
    let changes: [(&str, Change); 9] = [
        ("edited", |it| replace(it, "task.started", "task.refused")),
        ("words edited", |it| replace(it, "greeter", "grater")),
        ("dropped", |it| drop(it.remove(at(it)))),
        ("doubled", |it| it.insert(at(it), it[at(it)].clone())),
        ("reordered", |it| {
            let at = at(it);
            it.swap(at, at + 1);
        }),
        ("tail cut with its record", |it| it.truncate(it.len() - 2)),
        ("checkpoint replaced", |it| {
            let last = it.len() - 1;
            let first = it[0].clone();
            it[last] = first;
        }),
        ("checkpoint edited", |it| {
            let last = it.len() - 1;
            it[last] = it[last].replacen("\"v\":1", "\"v\":2", 1);
        }),
        ("written in another way", |it| replace(it, ":", ": ")),
    ];
    let changed = |(name, change): (&'static str, Change)| {
        let mut changed = lines.to_vec();
        change(&mut changed);
        assert_ne!(changed, lines, "{name} changes something");
        (name, changed)
    };
    changes.into_iter().map(changed).collect()
}

/// Changes the first record of a task.
fn replace(lines: &mut [String], from: &str, to: &str) {
    let at = at(lines);
    lines[at] = lines[at].replacen(from, to, 1);
}

/// The first record of a task.
fn at(lines: &[String]) -> usize {
    lines.iter().position(|line| line.contains("\"kind\":\"task.started\"")).unwrap()
}

#[test]
fn whatever_is_done_is_on_record_with_whoever_did_it_and_how_it_ended() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    assert_eq!(desk.doctor(&["plan", "greeter"]).code, 0);
    assert!(!desk.state("audit").exists(), "a look is not an act");
    assert_eq!(desk.doctor(&["install", "greeter", "--yes"]).code, 0);
    let records = shown(&desk);
    let steps = records.len() / 2;
    assert_eq!(kinds(&records), ["task.started", "task.ended"].repeat(steps));
    let last = &records[records.len() - 1];
    assert_eq!(last["record"]["about"]["outcome"], "succeeded");
    let by = records[0]["words"]["text"]["by"].as_str().unwrap();
    assert!(by.starts_with("uid ") && by.ends_with("with d1-doctor"), "{by}");
    assert_eq!(desk.doctor(&["undo", "last", "--yes"]).code, 0);
    assert!(shown(&desk).len() > records.len());
    let verified = desk.doctor(&["audit", "verify"]);
    assert!(verified.stdout.contains("holds"), "{}{}", verified.stdout, verified.stderr);
}

#[test]
fn a_command_behind_walls_is_on_record_without_its_secrets() {
    let desk = Desk::at_this_machine();
    let ran = run(&desk, &["run", "--", "sh", "-c", "exit 3", "--token=hunter2"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let records = shown(&desk);
    assert_eq!(kinds(&records), ["command.started", "command.ended"]);
    assert_eq!(records[0]["words"]["text"]["argv"], "sh -c 'exit 3' --token=[hidden]");
    assert_eq!(records[1]["record"]["about"]["exit_code"], "3");
    assert_eq!(
        records[0]["record"]["about"]["grant"], records[1]["record"]["about"]["grant"],
        "both name what was granted"
    );
    assert!(exported(&desk).iter().all(|line| !line.contains("hunter2")));
}

#[test]
fn what_a_daemon_does_is_in_its_log_with_who_ordered_it() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    let daemon = desk.daemon(&[]);
    assert_eq!(desk.doctor(&["install", "greeter", "--yes"]).code, 0);
    let records = shown(&desk);
    let by = records[0]["words"]["text"]["by"].as_str().unwrap();
    assert!(by.ends_with("at the daemon's socket"), "{by}");
    // Another process reads, and writes, what the daemon has open.
    assert_eq!(run(&desk, &["run", "--", "true"]).code, 0);
    assert_eq!(daemon.stop(), 0);
    assert_eq!(desk.doctor(&["audit", "verify"]).code, 0);
}

#[test]
fn words_that_were_taken_away_are_gone_and_the_log_holds() {
    let desk = Desk::at_this_machine();
    assert_eq!(run(&desk, &["run", "--", "echo", "dear diary"]).code, 0);
    let unasked = desk.doctor(&["audit", "redact", "1"]);
    assert_eq!(unasked.code, 2, "{}", unasked.stderr);
    let redacted = desk.doctor(&["audit", "redact", "1", "--yes"]);
    assert_eq!(redacted.code, 0, "{}", redacted.stderr);
    assert!(exported(&desk).iter().all(|line| !line.contains("dear diary")));
    assert_eq!(kinds(&shown(&desk)), ["command.started", "command.ended", "log.redacted"]);
    let verified = desk.doctor(&["audit", "verify"]);
    assert!(verified.stdout.contains("the words of 1 were taken away"), "{}", verified.stdout);
}

#[test]
fn a_log_is_believed_by_a_key_from_elsewhere_and_never_by_its_own_word() {
    let (desk, other) = (Desk::at_this_machine(), Desk::at_this_machine());
    assert_eq!(run(&desk, &["run", "--", "true"]).code, 0);
    let log = desk.state("log.jsonl");
    let log = log.to_str().unwrap();
    let exported = desk.doctor(&["audit", "export", log, "--json"]);
    let key = exported.json()["key"].as_str().unwrap().to_owned();
    assert_eq!(desk.doctor(&["audit", "export", log]).code, 2, "a file is not replaced");

    let unknown = other.doctor(&["audit", "verify", log]);
    assert_eq!(unknown.code, 2, "{}", unknown.stdout);
    assert!(unknown.stderr.contains("--key"), "{}", unknown.stderr);
    assert_eq!(other.doctor(&["audit", "verify", log, "--key", &key]).code, 0);
    assert_eq!(run(&other, &["run", "--", "true"]).code, 0);
    let wrong = other.doctor(&["audit", "verify", log]);
    assert_eq!(wrong.code, 1);
    assert!(wrong.stderr.contains("a key that is not trusted"), "{}", wrong.stderr);

    // A copy from yesterday is an anchor: what was cut since is missed.
    let text = fs::read_to_string(log).unwrap();
    let cut = desk.state("cut.jsonl");
    fs::write(&cut, text.lines().take(1).map(|line| format!("{line}\n")).collect::<String>())
        .unwrap();
    let cut = cut.to_str().unwrap();
    assert_eq!(other.doctor(&["audit", "verify", cut, "--key", &key]).code, 0);
    let missed = other.doctor(&["audit", "verify", cut, "--key", &key, "--anchor", log]);
    assert_eq!(missed.code, 1);
    assert!(missed.stderr.contains("gone from the end"), "{}", missed.stderr);
}
