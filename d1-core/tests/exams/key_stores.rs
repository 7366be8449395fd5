//! Stores of signing keys: the one in memory, and some with a flaw each.

use crate::broken_laws;
use d1_core::{KeyRing, KeyStore, KeyStoreError, conformance, memory::MemoryKeyStore};
use std::sync::Arc;

#[tokio::test]
async fn the_store_of_keys_in_memory_obeys_every_law() {
    conformance::key_store(|| async { Arc::new(MemoryKeyStore::new()) as Arc<dyn KeyStore> }).await;
}

#[tokio::test]
async fn a_store_of_keys_that_dies_with_its_process_fails_the_durability_exam() {
    let open = || async { Arc::new(MemoryKeyStore::new()) as Arc<dyn KeyStore> };
    let broken = broken_laws(conformance::key_store_durability(open)).await;
    assert_eq!(broken, ["keys_outlive_the_process"]);
}

/// What is wrong with a store of keys.
#[derive(Clone, Copy, Debug)]
enum Flaw {
    OverwritesOthers,
    KeepsTheOld,
    ForgetsSecrets,
    CountsFromOne,
}

#[derive(Debug)]
struct Flawed(Flaw, MemoryKeyStore);

#[async_trait::async_trait]
impl KeyStore for Flawed {
    async fn load(&self) -> Result<KeyRing, KeyStoreError> {
        let mut ring = self.1.load().await?;
        match self.0 {
            Flaw::CountsFromOne => ring.version += 1,
            Flaw::ForgetsSecrets => ring.keys.iter_mut().for_each(|key| key.secret.clear()),
            Flaw::OverwritesOthers | Flaw::KeepsTheOld => {}
        }
        Ok(ring)
    }

    async fn save(&self, ring: &KeyRing) -> Result<u64, KeyStoreError> {
        let (mut ring, kept) = (ring.clone(), self.1.load().await?);
        match self.0 {
            Flaw::OverwritesOthers => ring.version = kept.version,
            Flaw::KeepsTheOld => ring.keys.splice(..0, kept.keys).for_each(drop),
            Flaw::ForgetsSecrets | Flaw::CountsFromOne => {}
        }
        self.1.save(&ring).await
    }
}

#[tokio::test]
async fn a_flawed_store_of_keys_fails_by_the_laws_it_breaks() {
    let cases: [(Flaw, &[&str]); 4] = [
        (Flaw::OverwritesOthers, &["a_stale_save_changes_nothing", "of_racing_saves_one_wins"]),
        (Flaw::KeepsTheOld, &["a_save_replaces_every_key"]),
        (
            Flaw::ForgetsSecrets,
            &[
                "what_was_saved_is_loaded",
                "a_save_replaces_every_key",
                "a_stale_save_changes_nothing",
                "of_racing_saves_one_wins",
            ],
        ),
        (
            Flaw::CountsFromOne,
            &[
                "a_new_store_has_no_keys",
                "what_was_saved_is_loaded",
                "a_save_replaces_every_key",
                "a_stale_save_changes_nothing",
                "of_racing_saves_one_wins",
            ],
        ),
    ];
    for (flaw, laws) in cases {
        let make =
            || async move { Arc::new(Flawed(flaw, MemoryKeyStore::new())) as Arc<dyn KeyStore> };
        assert_eq!(broken_laws(conformance::key_store(make)).await, laws, "{flaw:?}");
    }
}
