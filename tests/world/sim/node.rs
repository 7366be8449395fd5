//! The nodes of the cloud: real engines on one store and one ledger, which die, stand still,
//! and start again.

use super::{
    chance::Chance,
    clock::SkewedClock,
    disk::Disk,
    ground::{Ground, in_the_background},
    history::Event,
    life::Life,
    store::{NodeLeases, NodeLedger, NodeStore},
};
use d1_billing::PriceCatalogue;
use d1_core::{
    Clock, CreditLedger, DeviceId, NodeId, OrchestratorLink, SetupLeases, SetupStore, Supervisor,
};
use d1_orchestrator::{Catalogue, Engine, EngineParts, Hub, RecipePlanner};
use std::{
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration,
};

/// How long a node stays away at most after it died.
const AWAY: Duration = Duration::from_secs(40);

/// Reading the recipes takes longer than many a whole world.
static PLANNER: LazyLock<Arc<RecipePlanner>> =
    LazyLock::new(|| Arc::new(RecipePlanner::new(Catalogue::embedded().unwrap())));

/// One node of the cloud.
#[derive(Debug)]
pub(super) struct Node {
    number: usize,
    ground: Arc<Ground>,
    store: Arc<dyn SetupStore>,
    ledger: Arc<dyn CreditLedger>,
    leases: Arc<dyn SetupLeases>,
    clock: Arc<SkewedClock>,
    chance: Chance,
    present: Mutex<Option<Process>>,
}

/// One life of a node.
#[derive(Clone, Debug)]
pub(super) struct Process {
    pub(super) life: Life,
    pub(super) engine: Engine,
}

impl Node {
    pub(super) fn new(
        number: usize,
        ground: &Arc<Ground>,
        store: Arc<dyn SetupStore>,
        ledger: Arc<dyn CreditLedger>,
        leases: Arc<dyn SetupLeases>,
    ) -> Self {
        let chance = ground.chance.of(("node", number));
        let clock = Arc::new(SkewedClock::new(&chance, ground.weather.skew, ground.began));
        let present = Mutex::default();
        Self { number, ground: Arc::clone(ground), store, ledger, leases, clock, chance, present }
    }

    /// Lives, dies, and lives again, for ever.
    pub(super) async fn live(&self) {
        for number in 0.. {
            let process = self.start(number);
            let life = process.life.clone();
            *self.present.lock().unwrap_or_else(PoisonError::into_inner) = Some(process);
            life.death().await;
            *self.present.lock().unwrap_or_else(PoisonError::into_inner) = None;
            tokio::time::sleep(self.chance.within(AWAY)).await;
            self.ground.history.note(Event::Befell(format!("node {} starts again", self.number)));
        }
    }

    /// The process of this node, when there is one.
    pub(super) fn process(&self) -> Option<Process> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the other end of a device's link.
    pub(super) fn attach(process: &Process, link: OrchestratorLink) {
        let hub = process.engine.hub().clone();
        in_the_background(async move {
            let _refused = hub.attach(link).await;
        });
    }

    /// Whether a device is linked to this node, as far as it knows.
    pub(super) fn has(&self, device: DeviceId) -> bool {
        self.process().is_some_and(|process| process.engine.hub().is_connected(device))
    }

    fn start(&self, number: usize) -> Process {
        let life = Life::begin();
        let owner = format!("node {}", self.number);
        let disk = Disk::new(&self.ground, &life, &owner, number);
        let (supervisor, clock) = (Supervisor::default(), Arc::clone(&self.clock));
        let clock: Arc<dyn Clock> = clock;
        let prices = PriceCatalogue::built_in(Arc::clone(&clock)).unwrap();
        let engine = Engine::new(EngineParts {
            planner: PLANNER.clone(),
            store: Arc::new(NodeStore { store: Arc::clone(&self.store), disk: disk.clone() }),
            ledger: Arc::new(NodeLedger { ledger: Arc::clone(&self.ledger), disk: disk.clone() }),
            prices: Arc::new(prices),
            clock: Arc::clone(&clock),
            hub: Hub::new(supervisor.clone(), clock),
            supervisor,
        });
        let leases = NodeLeases { leases: Arc::clone(&self.leases), disk };
        engine.tend(Arc::new(leases), NodeId::from_bytes(self.chance.name()));
        Process { life, engine }
    }
}
