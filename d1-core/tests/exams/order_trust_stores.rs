//! Stores of the keys of a cloud: the one in memory, and some with a flaw each.

use crate::broken_laws;
use d1_core::{
    OrderTrust, OrderTrustStore, OrderTrustStoreError, conformance, memory::MemoryOrderTrustStore,
};
use std::sync::Arc;

fn in_memory() -> Arc<dyn OrderTrustStore> {
    Arc::new(MemoryOrderTrustStore::new())
}

#[tokio::test]
async fn the_store_of_a_clouds_keys_in_memory_obeys_every_law() {
    conformance::order_trust_store(in_memory).await;
}

#[tokio::test]
async fn a_store_of_a_clouds_keys_that_dies_with_its_process_fails_the_durability_exam() {
    let broken = broken_laws(conformance::order_trust_store_durability(in_memory)).await;
    assert_eq!(broken, ["trusted_keys_outlive_the_process"]);
}

/// What is wrong with a store of the keys of a cloud.
#[derive(Clone, Copy, Debug)]
enum Flaw {
    TakesWithdrawnKeysBack,
    KeepsTheFirst,
    NeverForgetsTheLastKey,
}

#[derive(Debug)]
struct Flawed(Flaw, MemoryOrderTrustStore);

impl OrderTrustStore for Flawed {
    fn load(&self) -> Result<OrderTrust, OrderTrustStoreError> {
        self.1.load()
    }

    fn save(&self, trust: &OrderTrust) -> Result<(), OrderTrustStoreError> {
        let (known, mut trust) = (self.1.load()?, trust.clone());
        match self.0 {
            Flaw::TakesWithdrawnKeysBack => trust.withdrawn.clear(),
            Flaw::KeepsTheFirst if !known.keys.is_empty() => trust = known,
            Flaw::NeverForgetsTheLastKey if trust.keys.is_empty() => trust = known,
            Flaw::KeepsTheFirst | Flaw::NeverForgetsTheLastKey => {}
        }
        self.1.save(&trust)
    }
}

#[tokio::test]
async fn a_flawed_store_of_a_clouds_keys_fails_by_the_laws_it_breaks() {
    let cases: [(Flaw, &[&str]); 3] = [
        (Flaw::TakesWithdrawnKeysBack, &["saved_keys_are_loaded"]),
        (Flaw::KeepsTheFirst, &["saved_keys_take_the_place_of_all_others"]),
        (Flaw::NeverForgetsTheLastKey, &["saved_keys_take_the_place_of_all_others"]),
    ];
    for (flaw, laws) in cases {
        let make =
            || Arc::new(Flawed(flaw, MemoryOrderTrustStore::new())) as Arc<dyn OrderTrustStore>;
        assert_eq!(broken_laws(conformance::order_trust_store(make)).await, laws, "{flaw:?}");
    }
}
