//! Devices that work: a real agent each, on a machine that is only simulated.

use d1_core::{
    AuditKey, DeviceId, Manager, Supervisor, SystemClock, ThingName, Transport as _,
    memory::{MemoryAuditLog, MemoryJournal, MemoryMachine, Offer},
};
use d1_executor::{Agent, AgentParts};
use d1_protocol::{ApiClient, websocket::Dial};
use d1_world::CloudDesk;
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// How many different things each can install: every task installs one that is not there.
const OFFERS: usize = 6_000;
/// Between two tries to link.
const WAIT: Duration = Duration::from_millis(250);
/// How long they may take to link.
const PATIENCE: Duration = Duration::from_secs(60);

/// One of them.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) device: DeviceId,
    next: AtomicUsize,
}

/// Several, linked until they are dropped.
#[derive(Debug)]
pub(crate) struct Workers {
    supervisor: Supervisor,
    pub(crate) all: Vec<Arc<Worker>>,
}

impl Worker {
    /// Something that is not installed there yet.
    pub(crate) fn wish(&self) -> ThingName {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        assert!(number < OFFERS, "everything is installed; measure for a shorter time");
        name(number).parse().unwrap()
    }

    /// How much was ordered of it.
    pub(crate) fn ordered(&self) -> usize {
        self.next.load(Ordering::Relaxed)
    }
}

impl Workers {
    /// Links so many, and waits until the server knows them all.
    pub(crate) async fn link(url: &str, client: &ApiClient, size: u32) -> Self {
        let supervisor = Supervisor::default();
        let all: Vec<_> = (0..size).map(|_| start(url, &supervisor)).collect();
        let workers = Self { supervisor, all };
        workers.until_known(client).await;
        workers
    }

    /// Waits until the server knows them all.
    pub(crate) async fn until_known(&self, client: &ApiClient) {
        let began = Instant::now();
        loop {
            let known = client.devices().await.unwrap().devices;
            let known: BTreeSet<_> = known.iter().map(|device| device.id).collect();
            if self.all.iter().all(|worker| known.contains(&worker.device)) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "not every worker came");
            tokio::time::sleep(WAIT).await;
        }
    }

    /// Hangs up.
    pub(crate) async fn leave(self) {
        self.supervisor.shut_down(PATIENCE).await;
    }
}

fn name(number: usize) -> String {
    format!("thing-{number}")
}

fn start(url: &str, supervisor: &Supervisor) -> Arc<Worker> {
    let machine = MemoryMachine::new();
    for number in 0..OFFERS {
        machine.offer(Offer::new(Manager::Apt, name(number).parse().unwrap(), "1"));
    }
    let device = DeviceId::generate();
    let agent = Agent::new(AgentParts {
        device,
        version: "fleet".to_owned(),
        executor: Arc::new(machine),
        journal: Arc::new(MemoryJournal::default()),
        audit: Arc::new(MemoryAuditLog::new("device:fleet", AuditKey::generate().unwrap())),
        clock: Arc::new(SystemClock::new()),
        supervisor: supervisor.clone(),
    });
    let token = Some(CloudDesk::TOKEN.to_owned());
    let dial = Dial::new(url, token, supervisor.clone()).unwrap();
    let stopping = supervisor.stopping();
    supervisor.run("worker", async move {
        let life = async {
            loop {
                if let Ok(link) = dial.connect().await {
                    let _told = agent.serve(link, "the fleet").await;
                }
                tokio::time::sleep(WAIT).await;
            }
        };
        stopping.run_until_cancelled(life).await;
    });
    Arc::new(Worker { device, next: AtomicUsize::new(0) })
}
