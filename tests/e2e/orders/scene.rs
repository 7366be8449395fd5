//! A cloud, somebody before it, and a machine that heeds signed orders only.

use super::relay::Relay;
use crate::sharing::fleet::{client, install};
use d1_core::{DeviceId, SetupId, ToDevice};
use d1_protocol::ApiClient;
use d1_world::{AptRoot, CloudDesk, Desk, PATIENCE, Server};
use std::time::{Duration, Instant};

/// A cloud, somebody before it, and a machine.
pub(super) struct Scene {
    pub(super) cloud: CloudDesk,
    pub(super) relay: Relay,
    pub(super) machine: Machine,
    pub(super) api: ApiClient,
}

/// A machine, and what it has installed.
pub(super) struct Machine {
    pub(super) apt: AptRoot,
    pub(super) desk: Desk,
}

impl Machine {
    pub(super) fn new() -> Self {
        let apt = AptRoot::usual();
        Self { desk: Desk::at(&apt), apt }
    }

    /// Its daemon, which serves whoever is before the cloud, and heeds this key alone.
    pub(super) fn daemon(&self, cloud: &CloudDesk, relay: &Relay, key: &str) -> Server {
        let token = cloud.desk().state("token");
        let token = token.to_str().unwrap();
        let args = [
            "--cloud",
            &relay.url,
            "--token-file",
            token,
            "--orders",
            "signed",
            "--order-key",
            key,
        ];
        self.desk.daemon(&args)
    }

    /// The codes of the orders that it refused, as its audit log has them.
    pub(super) fn refused(&self) -> Vec<String> {
        let shown = self.desk.doctor(&["audit", "show", "--limit", "1000", "--json"]).json();
        let records = shown["records"].as_array().unwrap().iter().map(|it| &it["record"]);
        let mut refused: Vec<String> = records
            .filter(|record| record["kind"] == "order.refused")
            .map(|record| record["about"]["code"].as_str().unwrap().to_owned())
            .collect();
        refused.sort();
        refused
    }

    /// Waits until it has refused so many orders, and tells by which codes.
    pub(super) async fn until_refused(&self, count: usize) -> Vec<String> {
        let began = Instant::now();
        loop {
            let refused = self.refused();
            if refused.len() >= count {
                return refused;
            }
            assert!(began.elapsed() < PATIENCE, "it refused nothing more than {refused:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The keys of a cloud, each with its stage.
pub(super) fn order_keys(cloud: &CloudDesk) -> Vec<(String, String)> {
    let listed = cloud.operate(&["order-keys", "list"], "");
    assert_eq!(listed.code, 0, "{}", listed.stderr);
    let lines = listed.stdout.lines().map(|line| line.split_once("  ").unwrap());
    lines.map(|(key, stage)| (key.to_owned(), stage.to_owned())).collect()
}

/// The key of a cloud that is at this stage.
pub(super) fn order_key(cloud: &CloudDesk, stage: &str) -> String {
    order_keys(cloud).into_iter().find(|(_, at)| at == stage).unwrap().0
}

impl Scene {
    /// Everything there, and the machine not yet linked.
    pub(super) async fn new() -> Self {
        let cloud = CloudDesk::start();
        let relay = Relay::before(&cloud.http().replace("http://", "")).await;
        let api = client(&cloud);
        Self { cloud, relay, machine: Machine::new(), api }
    }

    /// The daemon of the machine.
    pub(super) fn daemon(&self) -> Server {
        self.machine.daemon(&self.cloud, &self.relay, &order_key(&self.cloud, "signs"))
    }

    /// The machine, once it is linked.
    pub(super) async fn device(&self) -> DeviceId {
        self.cloud.device(&self.api).await
    }

    /// A setup that waits for a yes: all questions about it were answered.
    pub(super) async fn planned(&self, thing: &str) -> SetupId {
        let device = self.device().await;
        self.api.create(&install(thing, device, false), None).await.unwrap().id
    }

    /// Says this to a machine in the name of the cloud, and waits until the machine has refused
    /// so many orders and has left the link for another one.
    pub(super) async fn say_in_vain(&self, machine: &Machine, word: &ToDevice, refused: usize) {
        let links = self.relay.links();
        self.relay.say(word);
        machine.until_refused(refused).await;
        self.relay.linked_again(links).await;
    }
}
