//! A process that dies at any moment around a write leaves exactly what was written.
//!
//! Each fault point gets a process of its own (this test again, as a child), which lives
//! a task's life until it dies there. A journal in memory that has lived as much of the
//! same life says what must be in the file.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use d1_core::{
    Baseline, Digest, Journal, Outcome, Output, OutputChunk, ReplayLedger, SetupId, TaskCommand,
    TaskResult, Timestamp, conformance, fault,
    memory::{MemoryJournal, MemoryReplayLedger},
};
use d1_executor::{SqliteJournal, fault::POINTS};
use std::{
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Command, ExitStatus},
};

/// Tells the child where its journal is.
const PATH: &str = "D1_TEST_JOURNAL";

const SIGABRT: i32 = 6;

/// What the life consists of, one write for each pair of fault points, in their order.
const DEEDS: [&str; 8] =
    ["fence", "receive", "start", "append", "finish", "forget", "heed", "purge"];

/// What a device keeps.
struct Kept<'a> {
    journal: &'a dyn Journal,
    heeded: &'a dyn ReplayLedger,
}

impl Kept<'_> {
    /// Heeds an order, and tells whether it is new.
    async fn heed(&self) -> bool {
        let order = Digest::of(b"an order");
        self.heeded.take(order, Timestamp(9), Timestamp(5)).await.unwrap()
    }
}

#[tokio::test]
async fn a_life_that_may_end() {
    if let Some(path) = std::env::var_os(PATH) {
        let journal = SqliteJournal::open(Path::new(&path)).unwrap();
        live(&Kept { journal: &journal, heeded: &journal }, DEEDS.len()).await;
    }
}

#[tokio::test]
async fn at_every_point_what_was_written_is_there_and_nothing_else() {
    assert_eq!(POINTS.len(), 2 * DEEDS.len());
    for (index, point) in POINTS.iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        assert_eq!(child(&path, point).signal(), Some(SIGABRT), "{point}");

        // After the first half of a pair nothing of its deed is there, after the second all.
        let (journal, heeded) = (MemoryJournal::new(), MemoryReplayLedger::new());
        let expected = Kept { journal: &journal, heeded: &heeded };
        live(&expected, index.div_ceil(2)).await;
        let journal = SqliteJournal::open(&path).unwrap();
        let found = Kept { journal: &journal, heeded: &journal };
        assert_eq!(seen(&found).await, seen(&expected).await, "{point}");
        // And life goes on: everything said again comes to the same end.
        live_again(&found).await;
        live_again(&expected).await;
        assert_eq!(seen(&found).await, seen(&expected).await, "{point}");
    }
}

#[test]
fn a_life_without_a_fault_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    assert!(child(&path, "no.such.point").success());
    assert!(child(&path, "journal.fence.before:2").success());
}

/// Lives in another process, which is to die at `point`, without leaving a core dump.
fn child(path: &Path, point: &str) -> ExitStatus {
    let myself = std::env::current_exe().unwrap();
    Command::new("sh")
        .args(["-c", r#"ulimit -c 0; exec "$0" --exact a_life_that_may_end >/dev/null 2>&1"#])
        .arg(myself)
        .env(PATH, path)
        .env(fault::VARIABLE, point)
        .status()
        .unwrap()
}

/// The first `count` deeds of a task's life.
async fn live(kept: &Kept<'_>, count: usize) {
    for deed in &DEEDS[..count] {
        act(kept, deed).await;
    }
}

async fn act(kept: &Kept<'_>, deed: &str) {
    let (journal, order, at) = (kept.journal, order(), Timestamp(5));
    match deed {
        "fence" => journal.fence(order.setup, 3).await.unwrap(),
        "receive" => drop(journal.receive(&order, at).await.unwrap()),
        "start" => journal.start(order.task, 1, &Baseline::default(), at).await.unwrap(),
        "append" => journal.append(&chunks(&order)).await.unwrap(),
        "finish" => journal.finish(&result(&order), at).await.unwrap(),
        "forget" => journal.forget(order.task, order.attempt, at).await.unwrap(),
        "heed" => drop(kept.heed().await),
        "purge" => drop(journal.purge(Timestamp(6)).await.unwrap()),
        other => panic!("{other} is no deed"),
    }
}

/// Says everything again up to the result, as an orchestrator does that heard no answer.
async fn live_again(kept: &Kept<'_>) {
    let (journal, order) = (kept.journal, order());
    act(kept, "receive").await;
    drop(journal.start(order.task, 1, &Baseline::default(), Timestamp(5)).await);
    drop(journal.append(&chunks(&order)).await);
    act(kept, "finish").await;
}

/// Everything that can be known of it.
async fn seen(kept: &Kept<'_>) -> String {
    let (journal, order) = (kept.journal, order());
    format!(
        "{}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}",
        kept.heed().await,
        journal.fence(order.setup, 0).await.map_err(|refused| refused.to_string()),
        journal.entry(order.task).await.unwrap(),
        journal.entries().await.unwrap(),
        journal.output(order.task, 1, 0, 99).await.unwrap(),
        journal.receipts().await.unwrap(),
    )
}

/// The same order in every process.
fn order() -> TaskCommand {
    let setup = SetupId::from_bytes([7; 16]);
    let order = conformance::an_order();
    let task = d1_core::TaskId::of_step(setup, &order.step.id);
    TaskCommand { task, setup, epoch: 3, hold: None, ..order }
}

fn chunks(order: &TaskCommand) -> Vec<OutputChunk> {
    let chunk = |seq| OutputChunk {
        task: order.task,
        attempt: 1,
        seq,
        output: Output::note(format!("line {seq}")),
    };
    (1..=5).map(chunk).collect()
}

fn result(order: &TaskCommand) -> TaskResult {
    TaskResult::not_started(order.task, 1, 3, Outcome::Failed)
}
