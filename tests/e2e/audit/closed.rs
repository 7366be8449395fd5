//! What cannot be written into the audit log is not done.

use super::{kinds, run, shown};
use d1_world::{AptRoot, Desk, Ran};
use std::{fs, process::Command};

/// Runs `d1-doctor` after `prepare`, a piece of shell, in a mount namespace of its own: disks
/// that it mounts there are nobody else's.
fn on_another_disk(desk: &Desk, prepare: &str, args: &[&str]) -> Ran {
    let doctor = desk.program("d1-doctor");
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-ec"]);
    command.arg(format!("{prepare}\nexec \"$@\"")).arg("sh").arg(doctor.get_program()).args(args);
    command
        .current_dir("/")
        .env_clear()
        .envs(doctor.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("AUDIT", desk.state("audit"));
    d1_world::run(command)
}

/// The folder of the log, on a disk of its own with nothing but the log.
const ELSEWHERE: &str = "cp -a \"$AUDIT\" \"$AUDIT.kept\"
mount -t tmpfs -o size=512k,mode=700 none \"$AUDIT\"
cp -a \"$AUDIT.kept/.\" \"$AUDIT/\"";
/// Something else takes all the room that is left there.
const BALLAST: &str = "head -c 1M /dev/zero > \"$AUDIT/ballast\" 2> /dev/null || true";
/// The log keeps no room for itself.
const NO_RESERVE: &str = "rm \"$AUDIT/reserve\"";

#[test]
fn nothing_is_installed_and_nothing_runs_while_the_log_cannot_be_written() {
    let full = format!("{ELSEWHERE}\n{NO_RESERVE}\n{BALLAST}");
    let read_only = format!("{ELSEWHERE}\nmount -o remount,ro \"$AUDIT\"");
    let no_key = "rm \"$AUDIT/key\"".to_owned();
    // Whoever goes on with a log looks at its end; all of it is looked at by `audit verify`.
    let changed = "sed -i '$s/\"seq\":2/\"seq\":1/' \"$AUDIT\"/*.jsonl".to_owned();
    for (name, prepare, why) in [
        ("full", full, "No space left on device"),
        ("read-only", read_only, "Read-only file system"),
        ("without its key", no_key, "has lost its key"),
        ("changed", changed, "was changed"),
    ] {
        let apt = AptRoot::usual();
        let desk = Desk::at(&apt);
        // The log has begun.
        assert_eq!(run(&desk, &["run", "--", "true"]).code, 0);
        let before = (apt.installed(), apt.tree());
        let canary = desk.state("canary");
        let touch = canary.to_str().unwrap();
        fs::create_dir(&canary).unwrap();
        let inside = format!("{touch}/sang");

        let install = on_another_disk(&desk, &prepare, &["install", "greeter", "--yes"]);
        assert_ne!(install.code, 0, "{name}: {}", install.stdout);
        let told = format!("{}{}", install.stdout, install.stderr);
        assert!(told.contains("audit log") && told.contains(why), "{name}: {told}");
        assert_eq!((apt.installed(), apt.tree()), before, "{name} changed something");

        if name == "without its key" {
            continue;
        }
        let args = ["run", "--touch", touch, "--", "touch", &inside];
        let ran = on_another_disk(&desk, &prepare, &args);
        assert_eq!(ran.code, 3, "{name}: {}", ran.stderr);
        assert!(ran.stderr.contains("D1-AUDIT-001"), "{name}: {}", ran.stderr);
        assert!(!fs::exists(&inside).unwrap(), "{name}: it ran");
    }
}

#[test]
fn what_runs_while_the_disk_fills_up_is_on_record_to_its_end() {
    let desk = Desk::at_this_machine();
    assert_eq!(run(&desk, &["run", "--", "true"]).code, 0);
    // Commands begin as long as there is room for their ends, too.
    let again = "for n in $(seq 100); do \"$@\" || break; done
cp \"$AUDIT\"/*.jsonl \"$AUDIT.kept/\"";
    let prepare = format!("{ELSEWHERE}\n{BALLAST}\n{again}");
    let refused = on_another_disk(&desk, &prepare, &["run", "--", "true"]);
    assert!(refused.stderr.contains("keep room for the end"), "{}", refused.stderr);
    let lines = fs::read_to_string(desk.state("audit.kept/00000001.jsonl")).unwrap();
    let count = |kind: &str| lines.matches(&format!("\"kind\":\"{kind}\"")).count();
    assert!(count("command.started") > 1, "{lines}");
    assert_eq!(count("command.started"), count("command.ended"), "{lines}");
}

#[test]
fn work_goes_on_once_the_log_can_be_written_again() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    assert_eq!(run(&desk, &["run", "--", "true"]).code, 0);
    let full = format!("{ELSEWHERE}\n{NO_RESERVE}\n{BALLAST}");
    assert_ne!(on_another_disk(&desk, &full, &["install", "greeter", "--yes"]).code, 0);
    let again = desk.doctor(&["install", "greeter", "--yes"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(desk.doctor(&["audit", "verify"]).code, 0);
    let records = shown(&desk);
    assert_eq!(kinds(&records)[..2], ["command.started", "command.ended"]);
}
