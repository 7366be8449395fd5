//! Many servers on one store: whichever is asked, it is as if there were one.

use crate::{
    device::Play,
    stage::{LONG, Stage, gone, install},
};
use d1_core::{
    Amount, DeviceId, Holder, LinkRegistry, Node, NodeId, Outcome, RegistryError, SetupOutcome,
    SetupState, StopMode, SystemClock, TaskState, Terms, Timestamp,
    memory::{MemoryLinkRegistry, MemorySetupLeases},
};
use d1_orchestrator::{EngineError, Fleet, HubError, MemoryPeers, Place};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// A registry that is gone now and then.
#[derive(Debug)]
struct Breakable {
    sound: MemoryLinkRegistry,
    broken: AtomicBool,
}

impl Breakable {
    fn ok(&self) -> Result<(), RegistryError> {
        let broken = self.broken.load(Ordering::SeqCst);
        let error = || RegistryError { doing: "be reached", source: "it is gone".into() };
        if broken { Err(error()) } else { Ok(()) }
    }
}

#[async_trait::async_trait]
impl LinkRegistry for Breakable {
    async fn claim(
        &self,
        device: DeviceId,
        node: &Node,
        least: u64,
        ttl: Duration,
    ) -> Result<u64, RegistryError> {
        self.ok()?;
        self.sound.claim(device, node, least, ttl).await
    }

    async fn renew(
        &self,
        node: &Node,
        claims: &[(DeviceId, u64)],
        ttl: Duration,
    ) -> Result<Vec<DeviceId>, RegistryError> {
        self.ok()?;
        self.sound.renew(node, claims, ttl).await
    }

    async fn release(&self, device: DeviceId, fence: u64) -> Result<(), RegistryError> {
        self.ok()?;
        self.sound.release(device, fence).await
    }

    async fn find(&self, device: DeviceId) -> Result<Option<Holder>, RegistryError> {
        self.ok()?;
        self.sound.find(device).await
    }

    async fn nodes(&self) -> Result<Vec<Node>, RegistryError> {
        self.ok()?;
        self.sound.nodes().await
    }

    async fn leave(&self, node: NodeId) -> Result<(), RegistryError> {
        self.ok()?;
        self.sound.leave(node).await
    }
}

/// Two servers on one store. The device is linked to the first.
struct Pair {
    here: Stage,
    there: Stage,
    nodes: [NodeId; 2],
    registry: Arc<Breakable>,
    peers: MemoryPeers,
}

impl Pair {
    async fn new() -> Self {
        let here = Stage::new().await;
        let there = here.another_process();
        let clock = Arc::new(SystemClock::starting_at(Timestamp(1_000)));
        let sound = MemoryLinkRegistry::new(clock);
        let registry = Arc::new(Breakable { sound, broken: AtomicBool::new(false) });
        let peers = MemoryPeers::default();
        let clock = Arc::new(SystemClock::starting_at(Timestamp(1_000)));
        let leases = Arc::new(MemorySetupLeases::new(clock));
        let mut nodes = Vec::new();
        here.device.cut();
        gone(&here.hub, here.device.id).await;
        for (stage, port) in [(&here, 1), (&there, 2)] {
            let id = NodeId::generate();
            let node = Node { id, address: format!("http://127.0.0.1:{port}") };
            let fleet = Fleet {
                node,
                registry: Arc::clone(&registry) as Arc<dyn LinkRegistry>,
                peers: Arc::new(peers.clone()),
            };
            peers.add(id, stage.engine.clone());
            stage.hub.join(fleet);
            stage.engine.tend(leases.clone(), id);
            nodes.push(id);
        }
        here.device.connect(&here.hub).await;
        Self { here, there, nodes: [nodes[0], nodes[1]], registry, peers }
    }

    fn device(&self) -> DeviceId {
        self.here.device.id
    }

    fn break_registry(&self, broken: bool) {
        self.registry.broken.store(broken, Ordering::SeqCst);
    }

    /// Waits until a server looks for a device there.
    async fn until_place(stage: &Stage, device: DeviceId, place: impl Fn(&Place) -> bool) {
        let found = async {
            loop {
                if stage.hub.locate(device).await.is_ok_and(|found| place(&found)) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(crate::stage::LONG, found).await.expect("it is never there");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_of_any_server_is_done_by_the_one_with_the_link() {
    let pair = Pair::new().await;
    let id = pair.there.approve(&["jq"]).await;
    let setup = pair.there.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    // Nobody else ever held it.
    assert_eq!((setup.epoch, pair.here.device.stale()), (1, 0));
    assert_eq!(pair.there.engine.driving(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_setup_is_stopped_and_goes_on_by_whichever_server_is_asked() {
    let pair = Pair::new().await;
    pair.here.device.play("jq", [Play::Run, Play::Succeed]);
    let id = pair.here.approve(&["jq"]).await;
    pair.here.until(id, |setup| setup.tasks[0].state == TaskState::Running).await;
    pair.there.engine.stop(id, StopMode::Kill).await.unwrap();
    let setup = pair.here.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Cancelled));
    pair.there.engine.resume(id, false).await.unwrap();
    let setup = pair.there.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    // What is refused is refused in the same words.
    let refused = pair.there.engine.stop(id, StopMode::Now).await.unwrap_err().problem();
    assert_eq!(refused, pair.here.engine.stop(id, StopMode::Now).await.unwrap_err().problem());
}

#[tokio::test(start_paused = true)]
async fn a_device_that_moves_takes_its_setups_with_it_and_its_old_link_is_dropped() {
    let pair = Pair::new().await;
    pair.here.device.play("jq", [Play::Run]);
    let id = pair.here.approve(&["jq"]).await;
    pair.here.device.begun("jq", 1).await;
    // The first server does not notice that the device has gone.
    pair.here.device.connect(&pair.there.hub).await;
    assert!(pair.here.hub.is_connected(pair.device()));
    gone(&pair.here.hub, pair.device()).await;
    Pair::until_place(
        &pair.here,
        pair.device(),
        |place| matches!(place, Place::At(node) if node.id == pair.nodes[1]),
    )
    .await;
    pair.there.until(id, |setup| setup.epoch == 2).await;
    pair.here.device.end("jq", &Play::Succeed).await;
    let setup = pair.here.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
    assert_eq!(pair.here.device.starts(), [("jq".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn while_the_registry_is_gone_a_server_serves_its_own_devices_and_says_so_of_others() {
    let pair = Pair::new().await;
    let waiting = pair.here.create(&["jq"]).await;
    pair.break_registry(true);
    let id = pair.here.approve(&["rg"]).await;
    pair.here.over(id).await;
    let unlocated = HubError::Unlocated(pair.device());
    let asked = pair.there.engine.draft(pair.here.account, pair.device(), install(&["jq"])).await;
    assert!(matches!(asked, Err(EngineError::Device(error)) if error == unlocated));
    let wished = pair.there.engine.approve(waiting).await;
    assert!(matches!(wished, Err(EngineError::Device(error)) if error == unlocated));
    assert_eq!(pair.here.store.get(waiting).await.unwrap().state, SetupState::AwaitingApproval);
    pair.break_registry(false);
    pair.there.engine.approve(waiting).await.unwrap();
    let setup = pair.there.over(waiting).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_link_that_came_while_the_registry_was_gone_is_found_once_it_is_back() {
    let pair = Pair::new().await;
    pair.here.device.cut();
    gone(&pair.here.hub, pair.device()).await;
    pair.break_registry(true);
    pair.here.device.connect(&pair.there.hub).await;
    assert_eq!(pair.there.hub.locate(pair.device()).await, Ok(Place::Here));
    assert!(pair.here.hub.locate(pair.device()).await.is_err());
    pair.break_registry(false);
    Pair::until_place(
        &pair.here,
        pair.device(),
        |place| matches!(place, Place::At(node) if node.id == pair.nodes[1]),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_said_and_what_it_left_is_done_elsewhere() {
    let pair = Pair::new().await;
    pair.here.device.play("jq", [Play::Run]);
    let id = pair.here.approve(&["jq"]).await;
    pair.here.device.begun("jq", 1).await;
    pair.peers.remove(pair.nodes[0]);
    let wished = pair.there.engine.stop(id, StopMode::Now).await.unwrap_err();
    assert_eq!(wished.problem().code, "D1-NODE-003");
    assert_eq!(wished.problem().state, "what was asked for may have been done");
    pair.here.device.connect(&pair.there.hub).await;
    pair.here.device.end("jq", &Play::Succeed).await;
    let setup = pair.there.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn what_a_server_that_stops_had_is_given_back() {
    let pair = Pair::new().await;
    Pair::until_place(&pair.there, pair.device(), |place| matches!(place, Place::At(_))).await;
    assert!(pair.here.supervisor.shut_down(Duration::from_secs(1)).await);
    assert_eq!(pair.there.hub.locate(pair.device()).await, Ok(Place::Nowhere));
    let nodes = pair.registry.nodes().await.unwrap();
    assert_eq!(nodes.iter().map(|node| node.id).collect::<Vec<_>>(), [pair.nodes[1]]);
}

#[tokio::test(start_paused = true)]
async fn two_servers_that_both_believe_to_have_the_link_do_not_take_a_setup_in_turns() {
    let pair = Pair::new().await;
    pair.here.device.play("jq", [Play::Run]);
    let id = pair.here.approve(&["jq"]).await;
    pair.here.device.begun("jq", 1).await;
    // Nobody tells the first that its link is an old one.
    pair.break_registry(true);
    pair.here.device.connect(&pair.there.hub).await;
    pair.there.until(id, |setup| setup.epoch == 2).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(pair.here.hub.is_connected(pair.device()));
    assert_eq!(pair.there.store.get(id).await.unwrap().epoch, 2);
    assert_eq!((pair.here.engine.driving(), pair.there.engine.driving()), (0, 1));
    pair.here.device.end("jq", &Play::Succeed).await;
    let setup = pair.there.over(id).await;
    assert_eq!((setup.state, setup.epoch), (SetupState::Finished(SetupOutcome::Succeeded), 2));
}

#[tokio::test(start_paused = true)]
async fn what_is_over_and_not_settled_needs_no_device_to_be_settled() {
    let pair = Pair::new().await;
    let mut setup = pair.here.run(&["jq"]).await;
    pair.here.device.cut();
    gone(&pair.here.hub, pair.device()).await;
    // As when its server died before the last thing it had to do.
    setup = pair.here.store.get(setup.id).await.unwrap();
    setup.hold = Some(setup.hold());
    pair.here.store.save(&mut setup, &[], Timestamp(2_000)).await.unwrap();
    pair.there.until(setup.id, |setup| setup.is_at_rest()).await;
    pair.there.idle().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_drives_what_others_have_taken_lets_go() {
    let pair = Pair::new().await;
    let id = pair.here.create(&["jq"]).await;
    pair.here.device.cut();
    gone(&pair.here.hub, pair.device()).await;
    Pair::until_place(&pair.there, pair.device(), |place| *place == Place::Nowhere).await;
    // Nobody has the link, so it is driven where it was approved.
    pair.there.engine.approve(id).await.unwrap();
    assert_eq!(pair.there.engine.driving(), 1);
    pair.here.device.connect(&pair.here.hub).await;
    let setup = pair.here.over(id).await;
    assert_eq!((setup.state, setup.epoch), (SetupState::Finished(SetupOutcome::Succeeded), 2));
    pair.there.idle().await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_in_vain_where_nobody_drives_it_any_more_is_ended_by_another_server() {
    let Pair { here, there, .. } = Pair::new().await;
    let mut draft = here.draft(&["jq"]).await;
    draft.terms.deliver_within = *Terms::BOUNDS.start();
    let id = here.keep(draft).await;
    here.device.cut();
    gone(&here.hub, here.device.id).await;
    here.engine.approve(id).await.unwrap();
    here.supervisor.shut_down(LONG).await;
    tokio::time::sleep(*Terms::BOUNDS.start() / 2).await;
    // It may wait, and nobody has to do anything for that.
    assert_eq!((there.engine.driving(), there.left().await), (0, Amount::credits(99)));
    let setup = there.over(id).await;
    assert_eq!(setup.state, SetupState::Finished(SetupOutcome::Failed));
    assert_eq!(setup.tasks[0].outcome(), Some(Outcome::Undeliverable));
    assert_eq!(there.spent().await, Amount::ZERO);
}
