//! What was found earlier is remembered, and what differs is told.

use crate::patient::Patient;
use d1_core::{Finding, Timestamp, Verdict};
use d1_executor::{Difference, History, differences};
use std::time::Duration;

fn finding(check: &str, verdict: Verdict) -> Finding {
    Finding {
        check: check.parse().unwrap(),
        verdict,
        summary: "so it is".into(),
        details: vec!["evidence".into()],
        remedy: vec![],
        fix: vec![],
        accepted: None,
        duration: Duration::from_millis(3),
    }
}

fn file() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/diagnoses.db");
    (folder, path)
}

#[test]
fn every_check_is_compared_with_what_it_said_last() {
    let (_folder, path) = file();
    let mut history = History::open(&path).unwrap();
    assert!(history.last().unwrap().is_empty());
    let first = [finding("a.x", Verdict::Ok), finding("b.x", Verdict::Fail)];
    history.keep(Timestamp(10), &first).unwrap();
    history.keep(Timestamp(20), &[finding("a.x", Verdict::Warn)]).unwrap();
    drop(history);
    let last = History::open(&path).unwrap().last().unwrap();
    let now = [
        finding("a.x", Verdict::Warn),
        finding("b.x", Verdict::Ok),
        finding("c.x", Verdict::Fail),
        finding("d.x", Verdict::Ok),
    ];
    let told = differences(&last, &now);
    let b = Difference {
        check: "b.x".parse().unwrap(),
        at: Some(Timestamp(10)),
        before: Some(Verdict::Fail),
        now: Verdict::Ok,
    };
    let c =
        Difference { check: "c.x".parse().unwrap(), at: None, before: None, now: Verdict::Fail };
    assert_eq!(told, [b, c]);
}

#[test]
fn other_evidence_of_the_same_trouble_is_a_difference_and_other_words_are_none() {
    let (_folder, path) = file();
    let mut history = History::open(&path).unwrap();
    history.keep(Timestamp(1), &[finding("a.x", Verdict::Fail)]).unwrap();
    let last = history.last().unwrap();
    let same = Finding { summary: "other words".into(), ..finding("a.x", Verdict::Fail) };
    assert_eq!(differences(&last, &[same]), []);
    let more = Finding { details: vec!["more".into()], ..finding("a.x", Verdict::Fail) };
    assert_eq!(differences(&last, &[more]).len(), 1);
}

#[test]
fn what_a_check_said_last_is_remembered_however_often_others_look() {
    let (_folder, path) = file();
    let mut history = History::open(&path).unwrap();
    history.keep(Timestamp(0), &[finding("rare.x", Verdict::Ok)]).unwrap();
    for at in 1..=250 {
        history.keep(Timestamp(at), &[finding("a.x", Verdict::Ok)]).unwrap();
    }
    let last = history.last().unwrap();
    let told: Vec<(&str, Timestamp)> =
        last.iter().map(|(check, (at, _))| (check.as_str(), *at)).collect();
    assert_eq!(told, [("a.x", Timestamp(250)), ("rare.x", Timestamp(0))]);
}

#[test]
fn beyond_that_only_the_last_hundred_examinations_are_remembered() {
    let (_folder, path) = file();
    let mut history = History::open(&path).unwrap();
    history.keep(Timestamp(0), &[finding("rare.x", Verdict::Ok)]).unwrap();
    for at in 1..=250 {
        history.keep(Timestamp(at), &[finding("a.x", Verdict::Ok)]).unwrap();
    }
    drop(history);
    let db = rusqlite::Connection::open(&path).unwrap();
    let count = |table: &str| -> u32 {
        db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!((count("findings"), count("examinations")), (101, 101));
}

#[tokio::test]
async fn a_whole_examination_comes_back_as_it_was() {
    let (_folder, path) = file();
    let findings: Vec<Finding> = Patient::healthy().examine().await.into_values().collect();
    History::open(&path).unwrap().keep(Timestamp(7), &findings).unwrap();
    let mut last: Vec<Finding> =
        History::open(&path).unwrap().last().unwrap().into_values().map(|(_, f)| f).collect();
    for (read, kept) in last.iter_mut().zip(&findings) {
        // Times are kept to the millisecond.
        read.duration = kept.duration;
    }
    assert_eq!(last, findings);
}

#[test]
fn a_file_that_is_no_history_is_refused_with_what_to_do() {
    let (folder, path) = file();
    std::fs::create_dir_all(folder.path().join("state")).unwrap();
    std::fs::write(&path, "this is no database, and long enough to be taken for one".repeat(99))
        .unwrap();
    let error = History::open(&path).unwrap_err().to_string();
    assert!(error.ends_with("; move `diagnoses.db` away"), "{error}");
}
