//! The process dies at every write there is, one after the other, and nothing is lost.
//!
//! For every fault point, and every time it is passed during one installation: the command,
//! the daemon or the cloud dies there; look, go on. Whatever the point: what is shown is true, going on reaches the goal, no
//! package was installed twice, and an undo brings everything back.

mod cloud;
mod daemon;

use d1_world::{AptRoot, Deb, Desk, Ran, until};
use std::fs;

/// The most times one point may be passed in one installation.
const MOST_HITS: usize = 40;

fn packages() -> Vec<Deb> {
    vec![
        Deb::new("greeter", "1.0").depends("greeter-words (>= 1)"),
        Deb::new("greeter-words", "1.2"),
    ]
}

/// Dies at every hit of `point` during an installation, and repairs each time.
fn die_at_every(point: &str) {
    for hit in 1..=MOST_HITS {
        let apt = AptRoot::with(&packages());
        let desk = Desk::at(&apt);
        let before = (apt.installed(), apt.tree());
        let mut doomed = desk.program("d1-doctor");
        doomed.args(["install", "greeter", "--yes"]).env("D1_FAULT", format!("{point}:{hit}"));
        let ran = d1_world::run(doomed);
        if ran.code == 0 {
            assert!(hit > 1 || is_only_for_others(point), "{point} is never passed");
            return;
        }
        assert_eq!(ran.code, -1, "{point}:{hit} did not kill it:\n{}{}", ran.stdout, ran.stderr);
        go_on(&desk, &apt, &format!("{point}:{hit}"));
        assert_eq!(apt.installed(), "greeter ii  1.0\ngreeter-words ii  1.2\n", "{point}:{hit}");
        assert_eq!(apt.installations("greeter"), 1, "{point}:{hit} installed it twice");
        let undone = desk.doctor(&["undo", "last", "--yes"]);
        assert_eq!(undone.code, 0, "{point}:{hit}: {}", undone.stderr);
        assert_eq!((apt.installed(), apt.tree()), before, "{point}:{hit} left something behind");
        the_log_holds(&desk, &format!("{point}:{hit}"));
    }
    panic!("{point} is passed more than {MOST_HITS} times in one installation");
}

/// The audit log verifies, and no attempt has two records of its beginning.
fn the_log_holds(desk: &Desk, at: &str) {
    let verified = desk.doctor(&["audit", "verify"]);
    assert_eq!(verified.code, 0, "{at}: {}", verified.stderr);
    let shown = desk.doctor(&["audit", "show", "--limit", "1000", "--json"]).json();
    let records = shown["records"].as_array().unwrap().iter().map(|it| &it["record"]);
    let mut begun: Vec<String> = records
        .filter(|record| record["kind"] == "task.started")
        .map(|record| {
            format!("{}", record["about"]["task"]) + &record["about"]["attempt"].to_string()
        })
        .collect();
    let records = begun.len();
    begun.sort_unstable();
    begun.dedup();
    assert_eq!(begun.len(), records, "{at}: an attempt has two records");
}

/// Points that an installation which goes well does not pass.
fn is_only_for_others(point: &str) -> bool {
    ["purge", "fence", "heed"].iter().any(|deed| point.contains(deed))
}

/// Does what the status says: go on when there is something to go on with, begin when nothing
/// was kept, nothing when it is done.
fn go_on(desk: &Desk, apt: &AptRoot, at: &str) {
    until("the package manager has ended", || !apt.is_busy());
    let history = desk.doctor(&["history", "--json"]);
    assert_eq!(history.code, 0, "{at}: {}", history.stderr);
    let newest = history.json()["setups"][0].clone();
    let ended = match newest["state"].as_str() {
        None | Some("awaiting approval") => desk.doctor(&["install", "greeter", "--yes"]),
        Some("interrupted" | "failed" | "cancelled") => {
            let status = desk.doctor(&["status", "last"]);
            assert!(status.stdout.contains("d1-doctor resume"), "{at}: {}", status.stdout);
            desk.doctor(&["resume", "last", "--yes"])
        }
        Some("succeeded") => Ran { code: 0, stdout: String::new(), stderr: String::new() },
        Some(other) => panic!("{at}: {other} is not what a dead process leaves"),
    };
    assert_eq!(ended.code, 0, "{at}: {newest}\n{}{}", ended.stdout, ended.stderr);
}

macro_rules! die_at {
    ($($name:ident: $points:expr, $part:literal of $parts:literal;)*) => {$(
        #[test]
        fn $name() {
            for point in $points.iter().skip($part).step_by($parts) {
                die_at_every(point);
            }
        }
    )*};
}

// In parts, so that several processors have work.
die_at! {
    dying_at_the_journals_writes_loses_nothing_part_1: d1_executor::fault::POINTS, 0 of 4;
    dying_at_the_journals_writes_loses_nothing_part_2: d1_executor::fault::POINTS, 1 of 4;
    dying_at_the_journals_writes_loses_nothing_part_3: d1_executor::fault::POINTS, 2 of 4;
    dying_at_the_journals_writes_loses_nothing_part_4: d1_executor::fault::POINTS, 3 of 4;
    dying_at_the_audit_logs_writes_loses_nothing_part_1: d1_executor::fault::AUDIT_POINTS, 0 of 3;
    dying_at_the_audit_logs_writes_loses_nothing_part_2: d1_executor::fault::AUDIT_POINTS, 1 of 3;
    dying_at_the_audit_logs_writes_loses_nothing_part_3: d1_executor::fault::AUDIT_POINTS, 2 of 3;
    dying_at_the_stores_writes_loses_nothing_part_1: d1_orchestrator::fault::POINTS, 0 of 2;
    dying_at_the_stores_writes_loses_nothing_part_2: d1_orchestrator::fault::POINTS, 1 of 2;
}

#[test]
fn killing_the_command_in_the_middle_of_a_package_loses_nothing() {
    let apt = AptRoot::with(&packages());
    let (begun, open) = (apt.path("root/begun"), apt.path("root/open"));
    let script = format!(
        "touch {}\nwhile [ ! -e {} ]; do sleep 0.02; done\n",
        begun.display(),
        open.display()
    );
    apt.add(&[Deb::new("slow", "1.0").postinst(script)]);
    let desk = Desk::at(&apt);
    let mut install = desk.start(&["install", "slow", "--yes"]);
    until("the package is being set up", || begun.exists());
    install.kill().unwrap();
    install.wait().unwrap();
    let status = desk.doctor(&["status", "last"]);
    assert!(status.stdout.contains("interrupted"), "{}", status.stdout);
    let resumed = desk.start(&["resume", "last"]);
    // It waits for the package manager of the dead process instead of starting another.
    fs::write(&open, "").unwrap();
    let resumed = d1_world::finish(resumed);
    assert_eq!(resumed.code, 0, "{}{}", resumed.stdout, resumed.stderr);
    assert_eq!(apt.installed(), "slow ii  1.0\n");
    assert_eq!(apt.installations("slow"), 1);
}
