//! The whole system in one process: a simulated machine, its agent, and an engine.

use d1_billing::PriceCatalogue;
use d1_core::{
    AccountId, AuditKey, CreditLedger, DeviceId, Install, Intent, Link, OnFailure, Planner, Setup,
    SetupId, Supervisor, SystemClock,
    memory::{MemoryAuditLog, MemoryJournal, MemoryMachine, MemorySetupStore},
};
use d1_executor::{Agent, AgentParts};
use d1_orchestrator::{Engine, EngineError, EngineParts, Hub};
use std::sync::Arc;

/// The whole system in one process.
#[derive(Debug)]
pub struct World {
    pub machine: Arc<MemoryMachine>,
    pub engine: Engine,
    pub device: DeviceId,
    pub account: AccountId,
}

impl World {
    /// A world with this planner, whose prices are paid from this ledger.
    pub async fn new(planner: impl Planner + 'static, ledger: Arc<dyn CreditLedger>) -> Self {
        let (supervisor, clock) = (Supervisor::default(), Arc::new(SystemClock::new()));
        let machine = Arc::new(MemoryMachine::new());
        let agent = Agent::new(AgentParts {
            device: DeviceId::generate(),
            version: env!("CARGO_PKG_VERSION").into(),
            executor: machine.clone(),
            journal: Arc::new(MemoryJournal::default()),
            audit: Arc::new(MemoryAuditLog::new("device:world", AuditKey::generate().unwrap())),
            clock: clock.clone(),
            supervisor: supervisor.clone(),
        });
        let (ours, theirs) = Link::pair();
        supervisor.spawn(
            "agent",
            OnFailure::GoOn,
            async move { agent.serve(theirs, "a world").await },
        );
        let hub = Hub::new(supervisor.clone(), clock.clone());
        let device = hub.attach(ours).await.unwrap();
        let engine = Engine::new(EngineParts {
            planner: Arc::new(planner),
            store: Arc::new(MemorySetupStore::default()),
            ledger,
            prices: Arc::new(PriceCatalogue::built_in(clock.clone()).unwrap()),
            clock,
            hub,
            supervisor,
        });
        Self { machine, engine, device, account: AccountId::generate() }
    }

    /// Plans, says yes, and waits for the end.
    pub async fn install(&self, things: &[&str]) -> Result<Setup, EngineError> {
        let things = things.iter().map(|thing| thing.parse().unwrap()).collect();
        let intent = Intent::Install(Install { things, from: None, hosts: Vec::new() });
        let draft = self.engine.draft(self.account, self.device, intent).await?;
        let id = SetupId::generate();
        self.engine.create(id, self.account, self.device, draft, None).await?;
        self.engine.approve(id).await?;
        self.engine.wait(id).await
    }
}
