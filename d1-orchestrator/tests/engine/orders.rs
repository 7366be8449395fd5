//! A hub signs what it orders, for devices that want that.

use crate::device::Device;
use d1_core::{
    Clock as _, DeviceId, Expected, FromDevice, Hello, Link, LinkChallenge, LinkReceiver,
    LinkSender, Order, OrderKeySet, OrderPublicKey, OrderTrust, SealRequest, Supervisor,
    SystemClock, Timestamp, ToDevice, conformance, memory::MemoryKeyStore, verify_order,
};
use d1_orchestrator::{Hub, HubError, OrderDesk, OrderKeys, OrderKeysError};
use std::{sync::Arc, time::Duration};

/// The other end of a link to a hub, by the word of a device that wants its orders signed.
struct Machine {
    device: DeviceId,
    challenge: LinkChallenge,
    heard: LinkReceiver<ToDevice>,
    _says: LinkSender<FromDevice>,
    last: u64,
}

fn a_clock() -> Arc<SystemClock> {
    Arc::new(SystemClock::starting_at(Timestamp(1_700_000_000_000)))
}

fn a_hub(keys: &OrderKeys, clock: &Arc<SystemClock>) -> Hub {
    let hub = Hub::new(Supervisor::default(), Arc::clone(clock) as _);
    let codec = conformance::an_order_codec();
    hub.sign_orders(OrderDesk { keys: keys.clone(), codec, clock: Arc::clone(clock) as _ });
    hub
}

fn keys(clock: &Arc<SystemClock>) -> OrderKeys {
    OrderKeys::new(Arc::new(MemoryKeyStore::new()), Arc::clone(clock) as _)
}

impl Machine {
    /// A machine that has just linked to this hub, and knows these keys.
    async fn linked(hub: &Hub, known: Vec<OrderPublicKey>) -> Self {
        let (ours, theirs) = Link::pair();
        let challenge = LinkChallenge::generate().unwrap();
        let seal = Some(SealRequest { challenge, keys: known });
        let hello = Hello { seal, ..Device::new(Supervisor::default()).hello() };
        let device = hello.device;
        theirs.tx.send(FromDevice::Hello(Box::new(hello))).await.unwrap();
        assert_eq!(hub.attach(ours).await, Ok(device));
        let Link { tx, rx } = theirs;
        let mut machine = Self { device, challenge, heard: rx, _says: tx, last: 0 };
        assert!(matches!(machine.heard.recv().await, Some(ToDevice::Welcome(_))));
        machine
    }

    /// The next order, which a device with these keys would heed.
    async fn heeded(&mut self, trust: &OrderTrust, now: Timestamp) -> ToDevice {
        let word = self.heard.recv().await.expect("a word comes");
        let signed = if let ToDevice::Signed(envelope) = word { Some(envelope) } else { None };
        let envelope = signed.expect("it is signed");
        let Self { device, challenge, last, .. } = *self;
        let expected = Expected { device, challenge, last, now };
        let order = verify_order(&envelope, &expected, trust).unwrap();
        assert_eq!(order.number, self.last + 1);
        self.last = order.number;
        (conformance::an_order_codec().read)(&order.words).unwrap()
    }
}

async fn announced(keys: &OrderKeys) -> OrderKeySet {
    keys.current().await.unwrap().announced().clone()
}

fn names(set: &OrderKeySet) -> Vec<OrderPublicKey> {
    set.keys.iter().map(|told| told.key).collect()
}

#[tokio::test]
async fn a_device_that_wants_signed_orders_is_told_the_keys_first_and_everything_signed() {
    let clock = a_clock();
    let keys = keys(&clock);
    let (hub, set) = (a_hub(&keys, &clock), announced(&keys).await);
    let mut machine = Machine::linked(&hub, names(&set)).await;
    let trust = OrderTrust::of(&set);
    hub.send(machine.device, ToDevice::Drain).await.unwrap();
    let now = clock.now();
    assert_eq!(machine.heeded(&trust, now).await, ToDevice::OrderKeys(set));
    assert_eq!(machine.heeded(&trust, now).await, ToDevice::Drain);
    let stored = ToDevice::ResultStored { task: conformance::an_order().task, attempt: 1 };
    hub.send(machine.device, stored.clone()).await.unwrap();
    assert_eq!(machine.heard.recv().await, Some(stored));
}

#[tokio::test]
async fn orders_that_are_given_at_once_come_in_the_order_of_their_numbers() {
    const MANY: u32 = 50;
    let clock = a_clock();
    let keys = keys(&clock);
    let (hub, set) = (a_hub(&keys, &clock), announced(&keys).await);
    let mut machine = Machine::linked(&hub, names(&set)).await;
    let (trust, task) = (OrderTrust::of(&set), conformance::an_order().task);
    let mut saying = tokio::task::JoinSet::new();
    for attempt in 0..MANY {
        let (hub, device) = (hub.clone(), machine.device);
        saying.spawn(async move { hub.send(device, ToDevice::Forget { task, attempt }).await });
    }
    machine.heeded(&trust, clock.now()).await;
    for _ in 0..MANY {
        machine.heeded(&trust, clock.now()).await;
    }
    assert!(saying.join_all().await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_device_that_slept_through_a_rotation_is_told_by_a_key_it_knows() {
    let clock = a_clock();
    let keys = keys(&clock);
    let before = announced(&keys).await;
    let mut trust = OrderTrust::of(&before);
    keys.rotate().await.unwrap();
    keys.rotate().await.unwrap();
    let (hub, after) = (a_hub(&keys, &clock), announced(&keys).await);
    let mut machine = Machine::linked(&hub, names(&before)).await;
    hub.send(machine.device, ToDevice::Drain).await.unwrap();
    let told = machine.heeded(&trust, clock.now()).await;
    assert_eq!(told, ToDevice::OrderKeys(after.clone()));
    assert!(trust.learn(&after));
    assert_eq!(machine.heeded(&trust, clock.now()).await, ToDevice::Drain);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_linked_is_told_of_new_keys_before_they_sign() {
    let clock = a_clock();
    let keys = keys(&clock);
    let (hub, first) = (a_hub(&keys, &clock), announced(&keys).await);
    let mut machine = Machine::linked(&hub, names(&first)).await;
    let mut trust = OrderTrust::of(&first);
    hub.send(machine.device, ToDevice::Drain).await.unwrap();
    machine.heeded(&trust, clock.now()).await;
    machine.heeded(&trust, clock.now()).await;
    let withdrawn = first.keys[0].key;
    keys.withdraw(&withdrawn.to_string()).await.unwrap();
    let second = announced(&keys).await;
    assert!(!names(&second).contains(&withdrawn));
    hub.send(machine.device, ToDevice::Drain).await.unwrap();
    let told = machine.heeded(&trust, clock.now()).await;
    assert_eq!(told, ToDevice::OrderKeys(second.clone()));
    assert!(trust.learn(&second));
    assert_eq!(machine.heeded(&trust, clock.now()).await, ToDevice::Drain);
    // Nothing is left to be told of.
    hub.send(machine.device, ToDevice::Drain).await.unwrap();
    assert_eq!(machine.heeded(&trust, clock.now()).await, ToDevice::Drain);
}

#[tokio::test]
async fn what_cannot_be_signed_is_not_sent_and_a_lost_key_costs_the_link() {
    /// Keys that nobody can read any more.
    #[derive(Debug)]
    struct Gone;

    #[async_trait::async_trait]
    impl d1_core::KeyStore for Gone {
        async fn load(&self) -> Result<d1_core::KeyRing, d1_core::KeyStoreError> {
            Err(d1_core::KeyStoreError::Backend { doing: "read", source: "gone".into() })
        }

        async fn save(&self, _: &d1_core::KeyRing) -> Result<u64, d1_core::KeyStoreError> {
            Err(d1_core::KeyStoreError::Stale)
        }
    }

    let clock = a_clock();
    let sound = keys(&clock);
    let hub = a_hub(&sound, &clock);
    let machine = Machine::linked(&hub, Vec::new()).await;
    let mut great = conformance::an_order();
    great.step.title = "x".repeat(Order::MAX_BYTES);
    let refused = hub.send(machine.device, ToDevice::Run(Box::new(great))).await;
    assert!(matches!(refused, Err(HubError::Unsigned(..))), "{refused:?}");
    assert!(hub.is_connected(machine.device));

    let keys = OrderKeys::new(Arc::new(Gone), Arc::clone(&clock) as _);
    assert!(matches!(keys.current().await, Err(OrderKeysError::Store(_))));
    let hub = a_hub(&keys, &clock);
    let mut machine = Machine::linked(&hub, Vec::new()).await;
    let refused = hub.send(machine.device, ToDevice::Drain).await;
    assert!(matches!(refused, Err(HubError::Unsigned(..))), "{refused:?}");
    let left = tokio::time::timeout(Duration::from_secs(60), machine.heard.recv()).await;
    assert_eq!(left, Ok(None), "the link is dropped, and what was to be said is said on the next");
}

#[tokio::test]
async fn a_device_that_does_not_ask_for_it_is_told_everything_as_ever() {
    let clock = a_clock();
    let hub = a_hub(&keys(&clock), &clock);
    let (ours, mut theirs) = Link::pair();
    let hello = Device::new(Supervisor::default()).hello();
    let device = hello.device;
    theirs.tx.send(FromDevice::Hello(Box::new(hello))).await.unwrap();
    hub.attach(ours).await.unwrap();
    hub.send(device, ToDevice::Drain).await.unwrap();
    assert!(matches!(theirs.rx.recv().await, Some(ToDevice::Welcome(_))));
    assert_eq!(theirs.rx.recv().await, Some(ToDevice::Drain));
}

#[tokio::test]
async fn a_withdrawn_key_leaves_another_one_to_sign_and_an_unknown_one_is_told() {
    let clock = a_clock();
    let keys = keys(&clock);
    let first = announced(&keys).await;
    for told in &first.keys {
        keys.withdraw(&told.key.to_string()).await.unwrap();
    }
    let left = announced(&keys).await;
    assert!(left.version > first.version);
    assert_eq!(left.keys.len(), 2);
    assert!(names(&left).iter().all(|key| !names(&first).contains(key)));
    let unknown = keys.withdraw("nobody").await;
    assert!(matches!(unknown, Err(OrderKeysError::Unknown(name)) if name == "nobody"));
}
