//! The cloud dies at every write of its store, and is started again.

use super::{MOST_HITS, packages};
use d1_core::SetupId;
use d1_protocol::{ApiClient, api::CreateRequest};
use d1_world::{AptRoot, CloudDesk, Desk, until};
use futures_util::StreamExt as _;
use std::time::Duration;

/// Between two looks at whether the cloud still lives.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// The same request, however often it is said.
const KEY: &str = "one-installation";

/// A cloud that dies once, and a client that does not give up.
struct Scene {
    cloud: CloudDesk,
    client: ApiClient,
    died: bool,
}

impl Scene {
    fn start(fault: &str) -> Self {
        let cloud = CloudDesk::start_to_die(fault);
        let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
        Self { cloud, client, died: false }
    }

    async fn revive(self, device: d1_core::DeviceId) -> Self {
        let cloud = self.cloud.crash_and_restart();
        assert_eq!(cloud.device(&self.client).await, device);
        Self { cloud, died: true, ..self }
    }

    /// Asks for the installation until there is a setup of it.
    async fn create(mut self, request: &CreateRequest) -> (Self, SetupId) {
        if let Ok(setup) = self.client.create(request, Some(KEY)).await {
            return (self, setup.id);
        }
        until("the cloud is dead", || self.cloud.is_dead());
        let scene = self.revive(request.device).await;
        let setup = scene.client.create(request, Some(KEY)).await.unwrap();
        (scene, setup.id)
    }

    /// Follows the setup to its end, whatever happens to the cloud meanwhile.
    async fn follow(mut self, id: SetupId, device: d1_core::DeviceId) -> Self {
        let news = self.client.follow(id, 0).collect::<Vec<_>>();
        let mut news = std::pin::pin!(news);
        loop {
            tokio::select! {
                _told = &mut news => return self,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            if !self.died && self.cloud.is_dead() {
                self = self.revive(device).await;
            }
        }
    }

    /// Waits until all is settled and the machine was told so.
    async fn wind_up(mut self, machine: &Desk, device: d1_core::DeviceId) -> Self {
        loop {
            tokio::select! {
                () = self.cloud.until_forgotten(machine) => return self,
                () = tokio::time::sleep(LOOK_EVERY * 5) => {}
            }
            if !self.died && self.cloud.is_dead() {
                self = self.revive(device).await;
            }
        }
    }
}

/// Before it serves, the cloud writes to its ledger that the account begins, and what with.
const WRITES_AT_START: usize = 2;

/// Dies at `point` as often as it is passed in one installation, after the first `passed`.
async fn die_at_every(point: &str, passed: usize) {
    for hit in (passed + 1)..=MOST_HITS {
        let at = format!("{point}:{hit}");
        let apt = AptRoot::with(&packages());
        let machine = Desk::at(&apt);
        let scene = Scene::start(&at);
        let _daemon = machine.daemon(&scene.cloud.daemon_args());
        let device = scene.cloud.device(&scene.client).await;
        let install = vec!["greeter".parse().unwrap()];
        let request = CreateRequest { approve: true, ..CreateRequest::of(install, device) };
        let (scene, id) = scene.create(&request).await;
        let scene = scene.follow(id, device).await;
        let scene = scene.wind_up(&machine, device).await;
        let setup = scene.client.get(id).await.unwrap();
        assert_eq!(setup.state, "succeeded", "{at}");
        assert_eq!(setup.charged_micro, setup.quoted_micro, "{at}");
        assert_eq!(apt.installed(), "greeter ii  1.0\ngreeter-words ii  1.2\n", "{at}");
        assert_eq!(apt.installations("greeter"), 1, "{at} installed it twice");
        if !scene.died {
            assert!(hit > passed + 1, "{point} is never passed");
            return;
        }
    }
    panic!("{point} is passed more than {MOST_HITS} times in one installation");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_that_dies_at_a_write_loses_nothing_part_1() {
    for point in d1_orchestrator::fault::POINTS.iter().step_by(2) {
        die_at_every(point, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_that_dies_at_a_write_loses_nothing_part_2() {
    for point in d1_orchestrator::fault::POINTS.iter().skip(1).step_by(2) {
        die_at_every(point, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_that_dies_at_a_write_of_its_ledger_charges_once() {
    for point in d1_billing::fault::POINTS {
        die_at_every(point, WRITES_AT_START).await;
    }
}
