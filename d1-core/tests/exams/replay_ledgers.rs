//! Ledgers of heeded orders: the one in memory, and some with a flaw each.

use crate::broken_laws;
use d1_core::{
    Digest, ReplayLedger, ReplayLedgerError, Timestamp, conformance, memory::MemoryReplayLedger,
};
use std::sync::Arc;

#[tokio::test]
async fn the_ledger_of_heeded_orders_in_memory_obeys_every_law() {
    let make = || async { Arc::new(MemoryReplayLedger::new()) as Arc<dyn ReplayLedger> };
    conformance::replay_ledger(make).await;
}

#[tokio::test]
async fn a_ledger_of_heeded_orders_that_dies_with_its_process_fails_the_durability_exam() {
    let open = || async { Arc::new(MemoryReplayLedger::new()) as Arc<dyn ReplayLedger> };
    let broken = broken_laws(conformance::replay_ledger_durability(open)).await;
    assert_eq!(broken, ["heeded_orders_outlive_the_process"]);
}

/// What is wrong with a ledger of heeded orders.
#[derive(Clone, Copy, Debug)]
enum Flaw {
    ForgetsAtOnce,
    ForgetsAMomentEarly,
    KnowsOnlyOne,
    LooksBeforeItWaits,
}

#[derive(Debug)]
struct Flawed(Flaw, MemoryReplayLedger, tokio::sync::Mutex<Vec<Digest>>);

#[async_trait::async_trait]
impl ReplayLedger for Flawed {
    async fn take(
        &self,
        order: Digest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, ReplayLedgerError> {
        match self.0 {
            Flaw::ForgetsAtOnce => Ok(true),
            Flaw::ForgetsAMomentEarly => self.1.take(order, Timestamp(until.0 - 1), now).await,
            Flaw::KnowsOnlyOne => self.1.take(Digest::of(b""), until, now).await,
            Flaw::LooksBeforeItWaits => {
                let is_new = !self.2.lock().await.contains(&order);
                tokio::task::yield_now().await;
                self.2.lock().await.push(order);
                Ok(is_new)
            }
        }
    }
}

#[tokio::test]
async fn a_flawed_ledger_of_heeded_orders_fails_by_the_laws_it_breaks() {
    const ONCE: &str = "an_order_is_new_once";
    const APART: &str = "orders_are_told_apart";
    const TO_THE_END: &str = "an_order_is_remembered_to_its_last_moment";
    const RACING: &str = "of_many_who_bring_one_order_one_hears_that_it_is_new";
    let cases: [(Flaw, &[&str]); 4] = [
        (Flaw::ForgetsAtOnce, &[ONCE, APART, TO_THE_END, RACING]),
        (Flaw::ForgetsAMomentEarly, &[TO_THE_END]),
        (Flaw::KnowsOnlyOne, &[APART, TO_THE_END]),
        (Flaw::LooksBeforeItWaits, &[RACING]),
    ];
    for (flaw, laws) in cases {
        let make = || async move {
            let flawed = Flawed(flaw, MemoryReplayLedger::new(), tokio::sync::Mutex::default());
            Arc::new(flawed) as Arc<dyn ReplayLedger>
        };
        assert_eq!(broken_laws(conformance::replay_ledger(make)).await, laws, "{flaw:?}");
    }
}
