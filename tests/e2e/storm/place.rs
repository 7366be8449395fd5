//! Where the storm rages: servers, machines, and the ways between them.

use super::work::Calls;
use crate::sharing::{Door, Fleet};
use d1_core::DeviceId;
use d1_world::{AptRoot, CloudDesk, Deb, Desk, PATIENCE, Server};
use std::time::{Duration, Instant};

/// How many servers.
pub(super) const SERVERS: usize = 3;
/// How many machines.
pub(super) const MACHINES: usize = 5;
/// Where nobody listens.
const NOWHERE: &str = "http://127.0.0.1:1";

/// A server that may be gone.
pub(super) struct Node {
    /// Its address, the same in every life.
    pub(super) http: String,
    pub(super) cloud: Option<CloudDesk>,
}

/// A machine, with its daemon, which may be gone, and its way to the servers.
pub(super) struct Machine {
    pub(super) apt: AptRoot,
    pub(super) desk: Desk,
    pub(super) daemon: Option<Server>,
    pub(super) door: Door,
    token: String,
}

/// All of it.
pub(super) struct Place {
    pub(super) fleet: Fleet,
    pub(super) nodes: Vec<Node>,
    pub(super) machines: Vec<Machine>,
    seed: u64,
}

impl Node {
    /// Kills it, as a crash would; its next life is at the same address.
    pub(super) fn crash_and_restart(&mut self) {
        self.cloud = self.cloud.take().map(CloudDesk::crash_and_restart);
    }

    pub(super) fn pid(&self) -> u32 {
        self.cloud.as_ref().expect("it lives between faults").pid()
    }
}

impl Machine {
    async fn new(server: &CloudDesk) -> Self {
        let slow = Deb::new("slow", "1.0").postinst("sleep 0.3\n");
        let apt = AptRoot::with(&[Deb::new("greeter", "1.0"), slow]);
        let door = Door::to(&server.http()).await;
        // The token is the same at every server, and the file of this one outlives the storm.
        let token = server.desk().state("token").to_str().unwrap().to_owned();
        let mut machine = Self { desk: Desk::at(&apt), apt, daemon: None, door, token };
        machine.start();
        machine
    }

    /// Starts its daemon.
    pub(super) fn start(&mut self) {
        let url = self.door.url();
        self.daemon = Some(self.desk.daemon(&["--cloud", &url, "--token-file", &self.token]));
    }

    /// Kills it, as a crash would.
    pub(super) fn kill(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.kill();
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.daemon.as_ref().expect("it lives between faults").pid()
    }

    /// Cuts it off from every server.
    pub(super) fn cut_off(&self) {
        self.door.lead_to(NOWHERE);
        self.door.cut();
    }

    /// Leads it to this server.
    pub(super) fn move_to(&self, node: &Node) {
        self.door.lead_to(&node.http);
        self.door.cut();
    }
}

impl Place {
    pub(super) async fn new(seed: u64) -> Self {
        let fleet = Fleet::on_its_own();
        let node = |_| {
            let cloud = fleet.server();
            Node { http: cloud.http(), cloud: Some(cloud) }
        };
        let nodes: Vec<Node> = (0..SERVERS).map(node).collect();
        let mut machines = Vec::new();
        for number in 0..MACHINES {
            let server = nodes[number % SERVERS].cloud.as_ref().unwrap();
            machines.push(Machine::new(server).await);
        }
        Self { fleet, nodes, machines, seed }
    }

    /// The ways to ask the servers.
    pub(super) fn calls(&self) -> Calls {
        Calls::to(self.nodes.iter().map(|node| node.http.clone()).collect(), self.seed)
    }

    /// The devices, once all of them are linked.
    pub(super) async fn devices(&self) -> Vec<DeviceId> {
        let (calls, began) = (self.calls(), Instant::now());
        loop {
            let listed = calls.ask(0, async |client| client.devices().await).await;
            if let Some(listed) = listed
                && listed.complete
                && listed.devices.len() == MACHINES
            {
                return listed.devices.iter().map(|device| device.id).collect();
            }
            assert!(began.elapsed() < PATIENCE, "not all machines are linked");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Everything lives and finds the others again.
    pub(super) async fn heal(&mut self) {
        for (number, machine) in self.machines.iter_mut().enumerate() {
            machine.door.lead_to(&self.nodes[number % SERVERS].http);
            if machine.daemon.is_none() {
                machine.start();
            }
        }
        self.devices().await;
    }
}
