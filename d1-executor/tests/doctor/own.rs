//! The doctor looks at our own state, and leaves no trace in it.

use crate::patient::Patient;
use d1_core::{
    Baseline, Digest, Journal as _, Resource, State, Timestamp, Verdict, conformance::an_order,
};
use d1_executor::{SqliteJournal, StateDir};
use std::{fs, os::unix::net::UnixListener};

/// What is not as it was: a log is too long to be shown whole.
fn changed(before: &[(std::path::PathBuf, u32, Vec<u8>)], patient: &Patient) -> Vec<String> {
    let after = patient.snapshot();
    let differs = |entry: &&(std::path::PathBuf, u32, Vec<u8>)| {
        !before.contains(entry) || !after.contains(entry)
    };
    let all = before.iter().chain(&after).filter(differs);
    all.map(|(path, ..)| path.display().to_string()).collect()
}

/// A state directory as a process leaves it that is killed in the middle of a step: the files
/// as they are while it works, without it.
async fn killed(patient: &Patient) -> String {
    let order = an_order();
    let working = SqliteJournal::open(&patient.at("/state/journal.db")).unwrap();
    working.receive(&order, Timestamp(1)).await.unwrap();
    let baseline = Baseline { states: vec![], complete_for: None };
    working.start(order.task, 1, &baseline, Timestamp(1_767_225_600_000)).await.unwrap();
    let files = ["journal.db", "journal.db-wal", "journal.db-shm"];
    let left: Vec<Vec<u8>> =
        files.iter().map(|name| fs::read(patient.at("/state").join(name)).unwrap()).collect();
    drop(working);
    for (name, content) in files.iter().zip(left) {
        patient.write(&format!("/state/{name}"), content);
    }
    order.step.title
}

#[tokio::test]
async fn what_was_cut_off_is_found_in_the_log_and_nothing_is_written() {
    let patient = Patient::healthy();
    let title = killed(&patient).await;
    let before = patient.snapshot();
    let findings = patient.examine().await;
    assert_eq!(findings["d1.db"].verdict, Verdict::Ok, "{:?}", findings["d1.db"]);
    let queue = &findings["d1.queue"];
    assert_eq!(queue.verdict, Verdict::Warn, "{queue:?}");
    assert_eq!(queue.details, [format!("{title}, begun 2026-01-01 00:00 UTC")]);
    assert_eq!(changed(&before, &patient), [""; 0]);
}

#[tokio::test]
async fn a_state_that_is_being_worked_on_is_looked_at_without_getting_in_the_way() {
    let patient = Patient::healthy();
    let state = StateDir::open(patient.at("/state")).unwrap();
    let _lock = state.lock_agent().unwrap();
    let journal = SqliteJournal::open(&state.journal()).unwrap();
    journal.receive(&an_order(), Timestamp(1)).await.unwrap();
    let before = patient.snapshot();
    let findings = patient.examine().await;
    for id in ["d1.db", "d1.queue", "d1.daemon", "d1.leftovers"] {
        assert_eq!(findings[id].verdict, Verdict::Ok, "{:?}", findings[id]);
    }
    let at_work = format!("process {} is at work on it", std::process::id());
    assert_eq!(findings["d1.queue"].summary, at_work);
    // The index of the log is in memory that this process has in common with the journal here;
    // another process could not write to it.
    let ours = |path: &&String| !path.ends_with("-shm");
    assert_eq!(changed(&before, &patient).iter().filter(ours).count(), 0);
    // Nothing of ours is left in the way of those who work.
    journal.receive(&an_order(), Timestamp(2)).await.unwrap();
}

#[tokio::test]
async fn a_daemon_that_answers_is_well_unless_its_program_was_replaced() {
    let patient = Patient::healthy();
    let state = StateDir::open(patient.at("/state")).unwrap();
    let _lock = state.lock_agent().unwrap();
    let _listens = UnixListener::bind(state.socket()).unwrap();
    let finding = patient.examine().await.remove("d1.daemon").unwrap();
    assert_eq!(finding.verdict, Verdict::Ok, "{finding:?}");
    let process = format!("/proc/{}", std::process::id());
    fs::create_dir_all(patient.at(&process)).unwrap();
    let program = patient.at(&format!("{process}/exe"));
    std::os::unix::fs::symlink("/usr/bin/d1-daemon (deleted)", program).unwrap();
    let finding = patient.examine().await.remove("d1.daemon").unwrap();
    assert_eq!(finding.verdict, Verdict::Warn, "{finding:?}");
    assert_eq!(finding.summary, "the daemon runs a version that has been replaced");
}

#[tokio::test]
async fn a_daemon_that_holds_the_state_and_lets_nobody_in_is_a_failure() {
    let patient = Patient::healthy();
    let state = StateDir::open(patient.at("/state")).unwrap();
    let _lock = state.lock_agent().unwrap();
    drop(UnixListener::bind(state.socket()).unwrap());
    let finding = patient.examine().await.remove("d1.daemon").unwrap();
    assert_eq!(finding.verdict, Verdict::Fail, "{finding:?}");
}

#[tokio::test]
async fn an_original_that_a_task_still_needs_is_no_leftover() {
    let patient = Patient::healthy();
    let digest = Digest::of(b"as it was before");
    let large = |path: &str| {
        patient.write(path, "");
        let file = fs::File::options().write(true).open(patient.at(path)).unwrap();
        file.set_len(70 << 20).unwrap();
    };
    large(&format!("/state/originals/{digest}"));
    let journal = SqliteJournal::open(&patient.at("/state/journal.db")).unwrap();
    let order = an_order();
    large(&format!("/state/spool/{}.1.out", order.task));
    let finding = patient.examine().await.remove("d1.leftovers").unwrap();
    assert_eq!(finding.verdict, Verdict::Warn, "{finding:?}");
    assert_eq!(finding.summary, "140.0 MiB are kept for nothing that could still be undone");
    journal.receive(&order, Timestamp(1)).await.unwrap();
    let resource = Resource::File("/etc/x".parse().unwrap());
    let state = State::File { digest, mode: 0o644, uid: 0, gid: 0 };
    let baseline = Baseline { states: vec![(resource, state)], complete_for: None };
    journal.start(order.task, 1, &baseline, Timestamp(2)).await.unwrap();
    let finding = patient.examine().await.remove("d1.leftovers").unwrap();
    assert_eq!(finding.verdict, Verdict::Ok, "{finding:?}");
}
