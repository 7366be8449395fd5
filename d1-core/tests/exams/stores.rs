//! The journal and the store of setups.

use crate::broken_laws;
use d1_core::{
    Journal, SetupStore, conformance,
    memory::{MemoryJournal, MemorySetupStore},
};
use std::sync::Arc;

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
