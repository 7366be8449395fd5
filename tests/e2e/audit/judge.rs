//! A verifier of a few lines of Python, which shares no code with ours, agrees about every log.

use super::{exported, key_of, run, tamper};
use d1_world::{AptRoot, Desk};
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn judge(log: &Path, key: &str, heads: &[&str]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/audit/verify.py");
    // Debian's own, for which the library of signatures is packaged.
    Command::new("/usr/bin/python3").arg(script).arg(log).arg(key).args(heads).output().unwrap()
}

#[test]
fn a_verifier_that_shares_no_code_with_ours_agrees_about_every_log() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    assert_eq!(desk.doctor(&["install", "greeter", "--yes"]).code, 0);
    assert_eq!(run(&desk, &["run", "--", "echo", "ä", "\u{1}\t\"\\", "€ 𝄞"]).code, 0);
    assert_eq!(desk.doctor(&["undo", "last", "--yes"]).code, 0);
    let key = key_of(&desk);
    let lines = exported(&desk);
    let head = fs::read_to_string(desk.state("audit/head")).unwrap();
    let (log, without) = (desk.state("changed.jsonl"), desk.state("without.jsonl"));

    fs::write(&log, lines.join("\n") + "\n").unwrap();
    let good = judge(&log, &key, &[&head]);
    let told = String::from_utf8(good.stdout).unwrap();
    assert!(told.starts_with("good "), "{told}{}", String::from_utf8_lossy(&good.stderr));
    assert_eq!(desk.doctor(&["audit", "verify", log.to_str().unwrap()]).code, 0);

    let export = ["audit", "export", without.to_str().unwrap(), "--without-words"];
    assert_eq!(desk.doctor(&export).code, 0);
    assert!(judge(&without, &key, &[&head]).status.success(), "its words are not needed");
    let text = fs::read_to_string(&without).unwrap();
    assert!(!text.contains('𝄞') && !text.contains("\"by\""), "{text}");

    for (name, changed) in tamper(&lines) {
        fs::write(&log, changed.join("\n") + "\n").unwrap();
        let theirs = judge(&log, &key, &[&head]);
        assert!(!theirs.status.success(), "{name} went unnoticed there");
        let ours = desk.doctor(&["audit", "verify", log.to_str().unwrap(), "--json"]);
        assert_eq!(ours.code, 1, "{name} went unnoticed: {}", ours.stdout);
        let line = ours.json()["broken"]["line"].to_string();
        let told = String::from_utf8(theirs.stderr).unwrap();
        assert!(told.starts_with(&format!("bad {line}: ")), "{name}: {told} or {}", ours.stdout);
    }
}
