//! The machine's own apt and mirror: a small package comes and goes, and leaves no trace.

use crate::bench::{apply, code, install, require_root_and_apt, resource, revert};
use d1_core::{Answer, Digest, Manager, Outcome, Presence, Query, State, SystemClock, Undo};
use d1_executor::{Apt, Host, PackageManager as _, ProcessTool};
use std::{collections::BTreeMap, fs, path::Path, process::Command, sync::Arc};

/// Small packages that few machines have; the first that is absent is taken.
const CANDIDATES: [&str; 5] = ["cowsay", "hello", "sl", "figlet", "toilet"];

/// Only one apt can run on a machine, and only one test may watch it.
fn turn() -> fs::File {
    let file = fs::File::create(std::env::temp_dir().join("d1-apt-test.lock")).unwrap();
    file.lock().unwrap();
    file
}

fn must(words: &[&str]) -> String {
    let out = Command::new(words[0]).args(&words[1..]).output().unwrap();
    assert!(out.status.success(), "{words:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// Every package and mark, and every file in `/etc` with its digest.
fn everything() -> (String, BTreeMap<String, String>) {
    let packages = must(&["dpkg-query", "-W"]) + &must(&["apt-mark", "showauto"]);
    let mut files = BTreeMap::new();
    walk(Path::new("/etc"), &mut files);
    (packages, files)
}

fn walk(dir: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        let told = if kind.is_symlink() {
            format!("link to {}", fs::read_link(&path).unwrap().display())
        } else if kind.is_dir() {
            walk(&path, files);
            "directory".to_owned()
        } else {
            fs::read(&path).map_or_else(|e| e.to_string(), |bytes| Digest::of(&bytes).to_string())
        };
        files.insert(path.to_string_lossy().into_owned(), told);
    }
}

fn this_machine() -> Apt {
    Apt::new(Host::this(Arc::new(SystemClock::new())), Arc::new(ProcessTool::default()))
}

#[tokio::test]
async fn a_small_package_comes_and_goes_and_leaves_no_trace() {
    require_root_and_apt();
    let _turn = turn();
    let apt = this_machine();
    if apt.index_age().await.is_none() {
        must(&["apt-get", "update"]);
    }
    let query = |name: &str| Query::Package { manager: Manager::Apt, name: name.parse().unwrap() };
    let answers = apt.answer(&CANDIDATES.map(query)).await;
    let absent = |answer: &Answer| matches!(answer, Answer::Packages(found) if found.first().is_some_and(|e| e.installed.is_none()));
    let at =
        answers.iter().position(absent).expect("one of the candidates is absent and in the index");
    let name = CANDIDATES[at];
    let before = everything();

    let preview = apt.preview(&install(&[name])).await.unwrap();
    assert_eq!(
        (preview.presence, preview.undo, preview.blocked),
        (Presence::Absent, Undo::Exact, None)
    );
    assert!(preview.download_bytes.is_some_and(|bytes| bytes > 1000));

    let done = apply(&apt, &install(&[name])).await;
    assert_eq!(
        (done.outcome, code(&done)),
        (Outcome::Succeeded, "no problem"),
        "{:?}",
        done.problem
    );
    let mut expected = preview.changes;
    expected.sort_by(|a, b| a.resource.cmp(&b.resource));
    assert_eq!(done.changes, expected, "what was announced is what happened");
    let wanted = done.changes.iter().find(|change| change.resource == resource(name)).unwrap();
    assert!(matches!(
        (&wanted.before, &wanted.after),
        (State::Absent, State::Installed { automatic: false, .. })
    ));

    assert_eq!(apply(&apt, &install(&[name])).await.outcome, Outcome::NoChange);

    let undone = revert(&apt, &done.changes, &[]).await;
    assert_eq!((undone.outcome, undone.kept), (Outcome::Succeeded, vec![]), "{:?}", undone.problem);
    assert_eq!(everything(), before);
}
