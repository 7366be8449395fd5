//! The journal and the store of setups in memory sit their exams, and so do broken
//! ones: an exam that lets them pass proves nothing.
#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a flaw shows in one place alone")]

mod flawed_journal;
mod flawed_store;

use d1_core::{
    Journal, SetupStore, conformance,
    memory::{MemoryJournal, MemorySetupStore},
};
use std::{future::Future, sync::Arc};

#[tokio::test]
async fn the_journal_in_memory_obeys_every_law() {
    conformance::journal(|| async { Arc::new(MemoryJournal::new()) as Arc<dyn Journal> }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_in_memory_obeys_every_law_on_many_threads() {
    conformance::journal(|| async { Arc::new(MemoryJournal::new()) as Arc<dyn Journal> }).await;
}

#[tokio::test]
async fn the_store_of_setups_in_memory_obeys_every_law() {
    let make = || async { Arc::new(MemorySetupStore::new()) as Arc<dyn SetupStore> };
    conformance::setup_store(make).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_of_setups_in_memory_obeys_every_law_on_many_threads() {
    let make = || async { Arc::new(MemorySetupStore::new()) as Arc<dyn SetupStore> };
    conformance::setup_store(make).await;
}

#[tokio::test]
async fn one_that_remembers_its_contents_passes_the_durability_exam() {
    let (journal, store) = (Arc::new(MemoryJournal::new()), Arc::new(MemorySetupStore::new()));
    conformance::journal_durability(|| async { Arc::clone(&journal) as Arc<dyn Journal> }).await;
    conformance::setup_store_durability(|| async { Arc::clone(&store) as Arc<dyn SetupStore> })
        .await;
}

#[tokio::test]
async fn a_journal_that_dies_with_its_process_fails_the_durability_exam() {
    let open = || async { Arc::new(MemoryJournal::new()) as Arc<dyn Journal> };
    let broken = broken_laws(conformance::journal_durability(open)).await;
    let expected = [
        "entries_outlive_the_process",
        "tombstones_outlive_the_process",
        "output_outlives_the_process",
        "receipts_outlive_the_process",
        "fences_outlive_the_process",
        "old_tombstones_can_be_purged",
    ];
    assert_eq!(broken, expected);
}

#[tokio::test]
async fn a_store_that_dies_with_its_process_fails_the_durability_exam() {
    let open = || async { Arc::new(MemorySetupStore::new()) as Arc<dyn SetupStore> };
    let broken = broken_laws(conformance::setup_store_durability(open)).await;
    let expected = [
        "setups_outlive_the_process",
        "news_outlives_the_process",
        "unfinished_is_found_again",
        "keys_outlive_the_process",
        "versions_outlive_the_process",
    ];
    assert_eq!(broken, expected);
}

/// Runs an exam that should fail, and tells which laws it names.
async fn broken_laws(exam: impl Future<Output = ()>) -> Vec<String> {
    // The exam borrows what it examines, so it stays in this task, and its panic is caught.
    let mut exam = Box::pin(exam);
    let ended = std::future::poll_fn(|cx| {
        let poll = std::panic::AssertUnwindSafe(|| exam.as_mut().poll(cx));
        match std::panic::catch_unwind(poll) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => std::task::Poll::Ready(Err(panic)),
        }
    })
    .await;
    let panic = ended.expect_err("a broken implementation passed the exam");
    let message = panic.downcast_ref::<String>().expect("the exam says what is broken");
    let laws = message.strip_prefix("broken laws: ").expect("the exam names laws");
    laws.split(", ").map(str::to_owned).collect()
}
