//! The main job, with the real programs, real apt and real dpkg on a scratch Debian.

use d1_world::{AptRoot, Deb, Desk};

#[test]
fn installing_tells_the_plan_the_receipt_and_the_way_back() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    let ran = desk.doctor(&["install", "greeter", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for part in ["Plan ", "greeter 1.0, greeter-words 1.2", "2 packages", "d1-doctor undo "] {
        assert!(ran.stdout.contains(part), "{part:?} is missing in:\n{}", ran.stdout);
    }
    assert_eq!(apt.installed(), "greeter ii  1.0\ngreeter-words ii  1.2\n");
    assert_eq!(apt.automatic(), "greeter-words\n");
}

#[test]
fn installing_twice_changes_nothing_the_second_time() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    assert_eq!(desk.doctor(&["install", "single", "--yes"]).code, 0);
    let (installed, tree) = (apt.installed(), apt.tree());
    let again = desk.doctor(&["install", "single", "--yes"]);
    assert_eq!(again.code, 0);
    assert_eq!(again.stdout, "✔ install single: already so, nothing to do\n");
    assert_eq!((apt.installed(), apt.tree()), (installed, tree));
    let history = desk.doctor(&["history", "--json"]).json();
    assert_eq!(history["setups"].as_array().unwrap().len(), 1);
}

#[test]
fn undo_brings_packages_marks_and_files_back_to_what_they_were() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    apt.install_by_hand("single");
    let before = (apt.installed(), apt.tree(), apt.automatic());
    assert_eq!(desk.doctor(&["install", "greeter", "--yes"]).code, 0);
    assert_ne!(apt.installed(), before.0);
    let undone = desk.doctor(&["undo", "last", "--yes"]);
    assert_eq!(undone.code, 0, "{}", undone.stderr);
    assert_eq!((apt.installed(), apt.tree(), apt.automatic()), before);
    let again = desk.doctor(&["undo", "last", "--yes"]);
    assert_eq!(again.code, 2, "there is nothing left to undo");
    assert!(
        again.stderr.contains("nothing left to undo") || again.stderr.contains("no setup left")
    );
}

#[test]
fn undo_keeps_a_dependency_that_a_person_asked_for_since() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    assert_eq!(desk.doctor(&["install", "greeter", "--yes"]).code, 0);
    apt.install_by_hand("greeter-words");
    let undone = desk.doctor(&["undo", "last", "--yes"]);
    assert_eq!(undone.code, 0, "{}", undone.stderr);
    assert_eq!(apt.installed(), "greeter-words ii  1.2\n");
    assert!(undone.stdout.contains("kept"), "{}", undone.stdout);
}

#[test]
fn undo_keeps_what_another_package_needs_by_now() {
    let apt = AptRoot::usual();
    apt.add(&[Deb::new("newcomer", "1.0").depends("greeter-words")]);
    let desk = Desk::at(&apt);
    assert_eq!(desk.doctor(&["install", "greeter", "--yes"]).code, 0);
    apt.install_by_hand("newcomer");
    let undone = desk.doctor(&["undo", "last", "--yes"]);
    assert_eq!(undone.code, 0, "{}", undone.stderr);
    assert_eq!(apt.installed(), "greeter-words ii  1.2\nnewcomer ii  1.0\n");
}

#[test]
fn nothing_happens_without_a_yes() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    let dry = desk.doctor(&["install", "single", "--dry-run"]);
    assert_eq!(dry.code, 0);
    assert!(dry.stdout.contains("install single with apt"));
    assert!(!desk.state("setups.db").exists(), "a dry run keeps nothing");
    let ran = desk.doctor(&["install", "single"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("error[D1-INPUT-001]"), "{}", ran.stderr);
    assert_eq!(apt.installed(), "");
}

#[test]
fn json_is_one_document_with_a_schema_whatever_happens() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    let schema = |args: &[&str], code: i32| {
        let ran = desk.doctor(args);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.stderr);
        ran.json()["schema"].as_str().unwrap().to_owned()
    };
    assert_eq!(schema(&["plan", "single", "--json"], 0), "d1.plan.v1");
    assert_eq!(schema(&["install", "single", "--yes", "--json"], 0), "d1.setup.v1");
    assert_eq!(schema(&["install", "single", "--yes", "--json"], 0), "d1.plan.v1");
    assert_eq!(schema(&["install", "nonesuch", "--yes", "--json"], 2), "d1.error.v1");
    assert_eq!(schema(&["status", "--json"], 0), "d1.status.v1");
    assert_eq!(schema(&["status", "last", "--json"], 0), "d1.setup.v1");
    assert_eq!(schema(&["history", "--json"], 0), "d1.history.v1");
    assert_eq!(schema(&["why", "single", "--json"], 0), "d1.why.v1");
    assert_eq!(schema(&["logs", "last", "--json"], 0), "d1.logs.v1");
    assert_eq!(schema(&["undo", "last", "--yes", "--json"], 0), "d1.setup.v1");
    assert_eq!(schema(&["undo", "last", "--yes", "--json"], 2), "d1.error.v1");
    assert_eq!(schema(&["plan", "--list", "--json"], 0), "d1.catalogue.v1");
    assert_eq!(schema(&["exit-codes", "--json"], 0), "d1.exit-codes.v1");
}

#[test]
fn ndjson_is_one_document_a_line_and_ends_with_the_setup() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    let ran = desk.doctor(&["install", "single", "--yes", "--output", "ndjson"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let lines: Vec<serde_json::Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, news) = lines.split_last().unwrap();
    assert_eq!(last["schema"], "d1.setup.v1");
    assert!(news.iter().all(|line| line["schema"] == "d1.progress.v1"));
    let places: Vec<u64> = news.iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    assert_eq!(places, (1..=u64::try_from(news.len()).unwrap()).collect::<Vec<_>>());
}

#[test]
fn one_thing_that_fails_leaves_the_others_and_all_of_it_can_be_undone() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    let ran = desk.doctor(&["install", "single", "failing", "--yes"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(apt.installed().contains("single ii  2.0"));
    let undone = desk.doctor(&["undo", "last", "--yes"]);
    assert_eq!(undone.code, 0, "{}", undone.stderr);
    assert_eq!(apt.installed(), "");
}

#[test]
fn why_tells_who_brought_a_dependency() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    assert_eq!(desk.doctor(&["install", "greeter", "--yes"]).code, 0);
    let why = desk.doctor(&["why", "greeter-words"]);
    assert_eq!(why.code, 0);
    assert!(why.stdout.contains("absent → 1.2, as a dependency"), "{}", why.stdout);
    assert!(why.stdout.contains("(install greeter)"), "{}", why.stdout);
    assert_eq!(desk.doctor(&["why", "bash"]).code, 2);
}
