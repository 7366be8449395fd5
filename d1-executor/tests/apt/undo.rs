//! Install, find it done, take it back: what a receipt says is what happened.

use crate::{
    bench::{apply, change, code, install, installed, remove, resource, revert},
    scratch::{Deb, Machine},
};
use d1_core::{Answer, IndexEntry, Manager, Outcome, Presence, ProbeAnswer, Query, State, Undo};
use d1_executor::{Goal, PackageManager as _};

const LIB: Deb = Deb::new("d1-lib", "1.0");
const APP: Deb = Deb::new("d1-app", "2.0").with("Depends: d1-lib\n").conffile();
const OTHER: Deb = Deb::new("d1-other", "1.0").with("Depends: d1-lib\n");

fn app_changes() -> Vec<d1_core::Change> {
    vec![
        change("d1-app", State::Absent, installed("2.0", false)),
        change("d1-lib", State::Absent, installed("1.0", true)),
    ]
}

#[tokio::test]
async fn what_an_installation_brought_is_told_before_and_after_and_goes_again() {
    let machine = Machine::with(&[LIB, APP]);
    let before = machine.packages();
    let wanted = install(&["d1-app"]);

    let preview = machine.apt.preview(&wanted).await.unwrap();
    assert_eq!(preview.blocked, None);
    assert_eq!((preview.presence, preview.undo), (Presence::Absent, Undo::Exact));
    let mut changes = preview.changes;
    changes.sort_by(|a, b| a.resource.cmp(&b.resource));
    assert_eq!(changes, app_changes());
    assert_eq!(preview.disk_bytes, Some(8 * 1024));
    assert_eq!(machine.packages(), before, "a preview changes nothing");

    let done = apply(&machine.apt, &wanted).await;
    assert_eq!((done.outcome, code(&done)), (Outcome::Succeeded, "no problem"));
    assert_eq!(done.changes, app_changes());
    assert!(machine.root().join("etc/d1-app.conf").is_file());

    let again = apply(&machine.apt, &wanted).await;
    assert_eq!((again.outcome, again.changes), (Outcome::NoChange, vec![]));
    assert_eq!(again.relies_on, [resource("d1-app")]);
    assert_eq!(machine.apt.preview(&wanted).await.unwrap().presence, Presence::Present);

    let undone = revert(&machine.apt, &done.changes, &[]).await;
    assert_eq!((undone.outcome, undone.kept), (Outcome::Succeeded, vec![]));
    assert_eq!(machine.packages(), before);
    assert!(!machine.root().join("etc/d1-app.conf").exists());

    let twice = revert(&machine.apt, &done.changes, &[]).await;
    assert_eq!(twice.outcome, Outcome::NoChange);
}

#[tokio::test]
async fn what_somebody_else_needs_by_now_stays_with_the_reason() {
    let machine = Machine::with(&[LIB, APP, OTHER]);
    let done = apply(&machine.apt, &install(&["d1-app"])).await;
    machine.apt_get(&["install", "d1-other"]);
    let undone = revert(&machine.apt, &done.changes, &[]).await;
    assert_eq!(undone.outcome, Outcome::Succeeded);
    assert_eq!(undone.kept, ["d1-lib stays: d1-other needs it"]);
    assert_eq!(undone.changes, [change("d1-app", installed("2.0", false), State::Absent)]);
}

#[tokio::test]
async fn what_another_receipt_needs_stays_and_so_does_what_it_depends_on() {
    let machine = Machine::with(&[LIB, APP]);
    let done = apply(&machine.apt, &install(&["d1-app"])).await;
    let undone = revert(&machine.apt, &done.changes, &[resource("d1-app")]).await;
    assert_eq!(undone.outcome, Outcome::NoChange);
    assert_eq!(
        undone.kept,
        ["d1-app stays: another setup needs it", "d1-lib stays: d1-app needs it"]
    );
}

#[tokio::test]
async fn a_package_that_was_there_for_others_is_marked_as_wanted_and_back() {
    let machine = Machine::with(&[LIB, OTHER]);
    machine.apt_get(&["install", "d1-other"]);
    let before = machine.packages();
    let done = apply(&machine.apt, &install(&["d1-lib"])).await;
    assert_eq!(done.outcome, Outcome::Succeeded);
    assert_eq!(done.changes, [change("d1-lib", installed("1.0", true), installed("1.0", false))]);
    assert_eq!(done.relies_on, [resource("d1-lib")]);
    let undone = revert(&machine.apt, &done.changes, &[]).await;
    assert_eq!(undone.outcome, Outcome::Succeeded);
    assert_eq!(machine.packages(), before);
}

#[tokio::test]
async fn configuration_that_an_earlier_installation_left_is_left_again() {
    let machine = Machine::with(&[LIB, APP]);
    machine.apt_get(&["install", "d1-app", "d1-lib"]);
    machine.apt_get(&["remove", "d1-app"]);
    let before = machine.packages();
    assert!(before.contains("d1-app rc"), "{before}");
    let done = apply(&machine.apt, &install(&["d1-app"])).await;
    let undone = revert(&machine.apt, &done.changes, &[]).await;
    assert_eq!((undone.outcome, undone.kept), (Outcome::Succeeded, vec![]));
    assert_eq!(machine.packages(), before);
}

#[tokio::test]
async fn an_upgrade_that_was_needed_is_announced_and_goes_back_while_the_old_version_is_there() {
    let newer = Deb::new("d1-lib", "2.0");
    let needy = Deb::new("d1-needy", "1.0").with("Depends: d1-lib (>= 2)\n");
    let machine = Machine::with(&[LIB, newer, needy]);
    machine.apt_get(&["install", "d1-lib=1.0"]);
    machine.apt_mark(&["auto", "d1-lib"]);
    let before = machine.packages();
    let wanted = install(&["d1-needy"]);
    let preview = machine.apt.preview(&wanted).await.unwrap();
    let why =
        "packages that change their version go back only while a mirror has the old one".to_owned();
    assert_eq!(preview.undo, Undo::Partial(why));
    assert_eq!(preview.warnings, ["changes packages that are already there: d1-lib 1.0 → 2.0"]);
    let done = apply(&machine.apt, &wanted).await;
    assert_eq!(done.changes[0], change("d1-lib", installed("1.0", true), installed("2.0", true)));
    let undone = revert(&machine.apt, &done.changes, &[]).await;
    assert_eq!((undone.outcome, undone.kept), (Outcome::Succeeded, vec![]));
    assert_eq!(machine.packages(), before);
}

#[tokio::test]
async fn a_removal_takes_only_what_was_named_and_comes_back() {
    let machine = Machine::with(&[LIB, APP]);
    machine.apt_get(&["install", "d1-app"]);
    let before = machine.packages();
    let blocked = machine.apt.preview(&remove(&["d1-lib"])).await.unwrap().blocked.unwrap();
    assert_eq!(blocked.code, "D1-APT-010");
    assert_eq!(blocked.title, "this would remove packages that nobody named: d1-app");
    assert_eq!(code(&apply(&machine.apt, &remove(&["d1-lib"])).await), "D1-APT-010");
    assert_eq!(machine.packages(), before);

    let done = apply(&machine.apt, &remove(&["d1-lib", "d1-app"])).await;
    assert_eq!(done.outcome, Outcome::Succeeded);
    assert_eq!(
        apply(&machine.apt, &remove(&["d1-lib", "d1-app"])).await.outcome,
        Outcome::NoChange
    );
    let undone = revert(&machine.apt, &done.changes, &[]).await;
    assert_eq!((undone.outcome, undone.kept), (Outcome::Succeeded, vec![]));
    assert_eq!(machine.packages(), before);
}

#[tokio::test]
async fn a_probe_tells_done_from_not_done_and_from_half_done() {
    let machine = Machine::with(&[LIB, APP]);
    let stand = crate::bench::Stand::new();
    let wanted = install(&["d1-app"]);
    let baseline = machine.apt.prepare().await.unwrap();
    let probe =
        async || machine.apt.probe(Goal::Packages(&wanted), &baseline, &stand.run()).await.unwrap();
    assert_eq!(probe().await.answer, ProbeAnswer::NotDone);
    machine.apt_get(&["install", "d1-lib"]);
    assert!(
        matches!(probe().await.answer, ProbeAnswer::Unknown(why) if why.contains("installed: d1-lib"))
    );
    apply(&machine.apt, &wanted).await;
    let done = probe().await;
    assert_eq!(done.answer, ProbeAnswer::Done);
    assert_eq!(done.changes.len(), 2);
}

#[tokio::test]
async fn the_index_answers_for_exact_names_and_close_ones() {
    let machine = Machine::with(&[LIB, APP]);
    machine.apt_get(&["install", "d1-lib"]);
    let package =
        |name: &str| Query::Package { manager: Manager::Apt, name: name.parse().unwrap() };
    let similar = Query::Similar { manager: Manager::Apt, name: "d1-apq".parse().unwrap() };
    let entry = |name: &str, version: &str, installed: Option<&str>| IndexEntry {
        name: name.parse().unwrap(),
        version: version.into(),
        installed: installed.map(str::to_owned),
        summary: format!("test package {name}"),
    };
    let answers = machine.apt.answer(&[package("d1-lib"), package("d1-nothing"), similar]).await;
    assert_eq!(
        answers,
        [
            Answer::Packages(vec![entry("d1-lib", "1.0", Some("1.0"))]),
            Answer::Packages(vec![]),
            Answer::Packages(vec![entry("d1-app", "2.0", None)]),
        ]
    );
}
