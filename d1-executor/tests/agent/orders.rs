//! A conversation that heeds signed orders only, and everybody who would like to be heeded.

use crate::audit::records;
use crate::rig::{Desk, NOW, Rig, an_order, rest};
use d1_core::{
    AnnouncedKey, Clock as _, DeviceId, KeyStage, Order, OrderKey, OrderKeySet, OrderTrust,
    OrderTrustStore, ReplayLedger, SealRequest, SealedRecord, StopMode, TaskCommand, ToDevice,
    conformance,
    memory::{MemoryOrderTrustStore, MemoryReplayLedger},
};
use d1_executor::OrderGuard;
use std::{sync::Arc, time::Duration};

/// A device that knows one cloud, and that cloud.
struct Scene {
    rig: Rig,
    guard: OrderGuard,
    trust: Arc<MemoryOrderTrustStore>,
    key: OrderKey,
}

/// One link to it, with what it asked for.
struct Signed {
    desk: Desk,
    asked: SealRequest,
    number: u64,
}

fn set(version: u64, keys: &[(&OrderKey, KeyStage)]) -> OrderKeySet {
    let told = |(key, stage): &(&OrderKey, KeyStage)| AnnouncedKey {
        key: key.public(),
        stage: *stage,
        since: NOW,
    };
    OrderKeySet { version, keys: keys.iter().map(told).collect() }
}

impl Scene {
    fn new() -> Self {
        Self::remembering(Arc::new(MemoryReplayLedger::new()))
    }

    fn remembering(ledger: Arc<dyn ReplayLedger>) -> Self {
        let rig = Rig::holding();
        let key = OrderKey::from_seed(&[7; 32]);
        let trust = Arc::new(MemoryOrderTrustStore::new());
        trust.save(&OrderTrust::of(&set(1, &[(&key, KeyStage::Active)]))).unwrap();
        let guard = OrderGuard {
            trust: Arc::clone(&trust) as _,
            ledger,
            codec: conformance::an_order_codec(),
            clock: Arc::clone(&rig.clock) as _,
        };
        Self { rig, guard, trust, key }
    }

    async fn link(&self) -> Signed {
        let mut desk = self.rig.signed_link(self.guard.clone());
        let asked = desk.hello().await.seal.unwrap();
        Signed { desk, asked, number: 0 }
    }

    /// An order on this link, signed.
    fn sealed(&self, link: &mut Signed, message: &ToDevice) -> ToDevice {
        self.sealed_by(&self.key, link, message)
    }

    fn sealed_by(&self, key: &OrderKey, link: &mut Signed, message: &ToDevice) -> ToDevice {
        self.sealed_words(key, link, (self.guard.codec.write)(message).unwrap())
    }

    fn sealed_words(&self, key: &OrderKey, link: &mut Signed, words: Vec<u8>) -> ToDevice {
        link.number += 1;
        let now = self.rig.clock.now();
        let order = Order {
            device: DeviceId::from_bytes([1; 16]),
            challenge: link.asked.challenge,
            number: link.number,
            issued_at: now,
            expires: now.after(Order::LIFE),
            words,
        };
        ToDevice::Signed(order.seal(key).unwrap())
    }

    async fn has_begun(&self, order: &TaskCommand) -> bool {
        rest().await;
        self.rig.stage(order).await.is_some()
    }

    async fn records(&self, kind: &str) -> Vec<SealedRecord> {
        let mut all = records(&self.rig).await;
        all.retain(|sealed| sealed.record.kind == kind);
        all
    }

    /// The codes of the orders that the audit log says were refused.
    async fn refused(&self) -> Vec<String> {
        let refused = self.records("order.refused").await;
        refused.iter().map(|sealed| sealed.record.about["code"].clone()).collect()
    }
}

impl Signed {
    /// What is said now ends the link, by the reason of this code.
    async fn ends_with(mut self, said: ToDevice, code: &str) {
        self.desk.say(said).await;
        let ended = self.desk.ended().await.unwrap_err();
        assert_eq!(ended.code, code, "{ended}");
    }
}

fn run(order: &TaskCommand) -> ToDevice {
    ToDevice::Run(Box::new(order.clone()))
}

#[tokio::test(start_paused = true)]
async fn signed_orders_are_heeded_in_their_order() {
    let scene = Scene::new();
    let mut link = scene.link().await;
    assert_eq!(link.asked.keys, [scene.key.public()]);
    let (first, second) = (an_order(), an_order());
    for order in [&first, &second] {
        let said = scene.sealed(&mut link, &run(order));
        link.desk.say(said).await;
        assert!(scene.has_begun(order).await);
    }
    assert!(scene.refused().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn nothing_unsigned_makes_a_device_do_anything_where_orders_are_signed() {
    let scene = Scene::new();
    let TaskCommand { task, setup, .. } = an_order();
    let unsigned = [
        run(&an_order()),
        ToDevice::Cancel { task, setup, epoch: 1, mode: StopMode::Kill },
        ToDevice::Forget { task, attempt: 1 },
        ToDevice::Confirmed { task, yes: true },
        ToDevice::Ask { request: d1_core::RequestId::generate(), queries: Vec::new() },
        ToDevice::Preview { request: d1_core::RequestId::generate(), proposals: Vec::new() },
        ToDevice::OrderKeys(set(9, &[(&OrderKey::from_seed(&[9; 32]), KeyStage::Active)])),
        ToDevice::Drain,
    ];
    for said in unsigned {
        scene.link().await.ends_with(said, "D1-ORDER-016").await;
    }
    assert_eq!(scene.refused().await, ["D1-ORDER-016"; 8]);
    assert_eq!(scene.rig.agent.load(), (0, 0));
    assert_eq!(scene.trust.load().unwrap().keys[0].key, scene.key.public());
    // It drains for nobody: it takes the next order.
    let mut link = scene.link().await;
    let order = an_order();
    let said = scene.sealed(&mut link, &run(&order));
    link.desk.say(said).await;
    assert!(scene.has_begun(&order).await);
}

#[tokio::test(start_paused = true)]
async fn what_was_recorded_is_heeded_neither_again_nor_on_another_link() {
    let scene = Scene::new();
    let (mut first, order) = (scene.link().await, an_order());
    let said = scene.sealed(&mut first, &run(&order));
    first.desk.say(said.clone()).await;
    assert!(scene.has_begun(&order).await);
    first.ends_with(said.clone(), "D1-ORDER-011").await;
    scene.link().await.ends_with(said, "D1-ORDER-010").await;
    assert_eq!(scene.refused().await, ["D1-ORDER-011", "D1-ORDER-010"]);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_the_ledger_knows_is_not_heeded_whatever_it_says() {
    /// A ledger that knows everything, as after a machine went back to an earlier moment with
    /// all its randomness.
    #[derive(Debug)]
    struct Knowing;

    #[async_trait::async_trait]
    impl ReplayLedger for Knowing {
        async fn take(
            &self,
            _: d1_core::Digest,
            _: d1_core::Timestamp,
            _: d1_core::Timestamp,
        ) -> Result<bool, d1_core::ReplayLedgerError> {
            Ok(false)
        }
    }

    let scene = Scene::remembering(Arc::new(Knowing));
    let (mut link, order) = (scene.link().await, an_order());
    let said = scene.sealed(&mut link, &run(&order));
    link.ends_with(said, "D1-ORDER-012").await;
    assert!(!scene.has_begun(&order).await);
}

#[tokio::test(start_paused = true)]
async fn orders_that_come_out_of_their_order_are_not_heeded() {
    let scene = Scene::new();
    let mut link = scene.link().await;
    let (held_back, order) = (an_order(), an_order());
    let early = scene.sealed(&mut link, &run(&held_back));
    let late = scene.sealed(&mut link, &run(&order));
    link.desk.say(late).await;
    link.ends_with(early, "D1-ORDER-011").await;
    assert!(scene.has_begun(&order).await);
    assert!(!scene.has_begun(&held_back).await);
}

#[tokio::test(start_paused = true)]
async fn an_order_by_a_stranger_or_past_its_time_is_not_heeded() {
    let scene = Scene::new();
    let (mut link, order) = (scene.link().await, an_order());
    let stranger = OrderKey::from_seed(&[9; 32]);
    let said = scene.sealed_by(&stranger, &mut link, &run(&order));
    link.ends_with(said, "D1-ORDER-004").await;
    let mut link = scene.link().await;
    let said = scene.sealed(&mut link, &run(&order));
    scene.rig.clock.advance(Duration::from_secs(11 * 60));
    link.ends_with(said, "D1-ORDER-013").await;
    assert!(!scene.has_begun(&order).await);
}

#[tokio::test(start_paused = true)]
async fn new_keys_are_believed_by_the_word_of_a_known_one_and_old_ones_end() {
    let scene = Scene::new();
    let next = OrderKey::from_seed(&[9; 32]);
    let news = ToDevice::OrderKeys(set(2, &[(&next, KeyStage::Active)]));
    let mut link = scene.link().await;
    let by_itself = scene.sealed_by(&next, &mut link, &news);
    link.ends_with(by_itself, "D1-ORDER-004").await;
    let mut link = scene.link().await;
    let said = scene.sealed(&mut link, &news);
    link.desk.say(said).await;
    let order = an_order();
    let said = scene.sealed_by(&next, &mut link, &run(&order));
    link.desk.say(said).await;
    assert!(scene.has_begun(&order).await);
    let said = scene.sealed(&mut link, &run(&an_order()));
    link.ends_with(said, "D1-ORDER-005").await;
    let pinned = scene.records("key.pinned").await;
    assert_eq!(pinned.len(), 1);
    assert_eq!(pinned[0].record.about["keys"], next.public().to_string());
    assert_eq!(pinned[0].record.about["withdrawn"], scene.key.public().to_string());
}

#[tokio::test(start_paused = true)]
async fn keys_that_somebody_takes_away_here_are_good_for_nothing_at_once() {
    let scene = Scene::new();
    let mut link = scene.link().await;
    scene.trust.save(&OrderTrust::default()).unwrap();
    let order = an_order();
    let said = scene.sealed(&mut link, &run(&order));
    link.ends_with(said, "D1-ORDER-004").await;
    assert!(!scene.has_begun(&order).await);
}

#[tokio::test(start_paused = true)]
async fn what_is_signed_and_makes_no_sense_is_not_heeded() {
    let scene = Scene::new();
    let mut link = scene.link().await;
    let inner = scene.sealed(&mut link, &run(&an_order()));
    let ToDevice::Signed(inner) = inner else { panic!("it is signed") };
    let said = scene.sealed_words(&scene.key, &mut link, inner);
    link.ends_with(said, "D1-ORDER-002").await;
}

#[tokio::test(start_paused = true)]
async fn a_signed_order_on_a_link_that_asked_for_none_is_not_heeded() {
    let scene = Scene::new();
    let (mut link, order) = (scene.link().await, an_order());
    let said = scene.sealed(&mut link, &run(&order));
    let mut desk = scene.rig.link();
    assert_eq!(desk.hello().await.seal, None);
    desk.say(said).await;
    assert_eq!(desk.ended().await.unwrap_err().code, "D1-ORDER-017");
    assert!(!scene.has_begun(&order).await);
}
