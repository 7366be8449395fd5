//! An engine, a device, and an account with credits.

use crate::{audits::Frail, device::Device};
use d1_core::{
    AccountId, Action, Amount, Argv, AuditLog, Clock, CreditLedger, DeviceId, Effect, Exec, Facts,
    Install, Intent, Manager, PackageOperation, Packages, Plan, PlanError, Planned, Planner,
    Prices, Progress, ProgressEvent, Query, Quote, Setup, SetupId, SetupStore, Step, StepId,
    Supervisor, SystemClock, Timestamp, Undo,
    memory::{MemoryLedger, MemorySetupStore},
};
use d1_orchestrator::{Draft, Engine, EngineParts, Hub};
use futures_util::StreamExt as _;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// What the account has at the beginning.
pub(crate) const FUNDS: Amount = Amount::credits(100);

/// Longer than anything takes.
pub(crate) const LONG: Duration = Duration::from_secs(24 * 3600);

/// One process with an engine, and what outlives it.
pub(crate) struct Stage {
    pub(crate) engine: Engine,
    pub(crate) hub: Hub,
    pub(crate) audit: Arc<Frail>,
    pub(crate) device: Device,
    pub(crate) store: Arc<dyn SetupStore>,
    pub(crate) ledger: Arc<MemoryLedger>,
    pub(crate) prices: Arc<SameEach>,
    pub(crate) account: AccountId,
    pub(crate) supervisor: Supervisor,
}

impl Stage {
    /// A stage whose device is connected.
    pub(crate) async fn new() -> Self {
        Self::with_store(Arc::new(MemorySetupStore::new())).await
    }

    pub(crate) async fn with_store(store: Arc<dyn SetupStore>) -> Self {
        let ledger = Arc::new(MemoryLedger::default());
        let books: Arc<dyn CreditLedger> = ledger.clone();
        Self::with(store, ledger, books).await
    }

    pub(crate) async fn with(
        store: Arc<dyn SetupStore>,
        ledger: Arc<MemoryLedger>,
        books: Arc<dyn CreditLedger>,
    ) -> Self {
        let account = AccountId::generate();
        assert!(ledger.deposit(account, FUNDS));
        // The device lives on when the process of the engine dies.
        let device = Device::new(Supervisor::default());
        let supervisor = Supervisor::default();
        let prices = Arc::new(SameEach(AtomicU64::new(1)));
        let audit = Arc::new(Frail::new());
        let (engine, hub) =
            an_engine(Arc::clone(&store), books, prices.clone(), (&audit, &supervisor));
        device.connect(&hub).await;
        Self { engine, hub, audit, device, store, ledger, prices, account, supervisor }
    }

    /// The same store, ledger, device and account, in another process.
    pub(crate) fn another_process(&self) -> Self {
        self.another_process_on(Arc::clone(&self.store))
    }

    /// The same ledger, device and account, in another process with this store.
    pub(crate) fn another_process_on(&self, store: Arc<dyn SetupStore>) -> Self {
        let supervisor = Supervisor::default();
        let (ledger, prices) = (Arc::clone(&self.ledger), Arc::clone(&self.prices));
        let audit = Arc::clone(&self.audit);
        let parts = (&audit, &supervisor);
        let (engine, hub) = an_engine(Arc::clone(&store), ledger.clone(), prices.clone(), parts);
        let (device, account) = (self.device.clone(), self.account);
        Self { engine, hub, audit, device, store, ledger, prices, account, supervisor }
    }

    pub(crate) async fn draft(&self, things: &[&str]) -> Draft {
        self.engine.draft(self.account, self.device.id, install(things)).await.unwrap()
    }

    /// A setup that waits for a yes.
    pub(crate) async fn create(&self, things: &[&str]) -> SetupId {
        let draft = self.draft(things).await;
        self.keep(draft).await
    }

    pub(crate) async fn keep(&self, draft: Draft) -> SetupId {
        let id = SetupId::generate();
        let kept = self.engine.create(id, self.account, self.device.id, draft, None).await;
        kept.unwrap().id
    }

    /// A setup that was approved.
    pub(crate) async fn approve(&self, things: &[&str]) -> SetupId {
        let id = self.create(things).await;
        self.engine.approve(id).await.unwrap();
        id
    }

    /// A setup that has run to its end, and was wound up.
    pub(crate) async fn run(&self, things: &[&str]) -> Setup {
        let id = self.approve(things).await;
        self.over(id).await
    }

    /// Waits until a setup is over and nothing is left to do for it.
    pub(crate) async fn over(&self, id: SetupId) -> Setup {
        let setup = tokio::time::timeout(LONG, self.engine.wait(id)).await;
        let setup = setup.expect("it never ended").unwrap();
        self.idle().await;
        setup
    }

    /// Waits until no setup is driven.
    pub(crate) async fn idle(&self) {
        let idle = async {
            while self.engine.driving() > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(LONG, idle).await.expect("it is driven for ever");
    }

    /// Waits until the store has a setup of which `seen` is true.
    pub(crate) async fn until(&self, id: SetupId, seen: impl Fn(&Setup) -> bool) -> Setup {
        let found = async {
            loop {
                let setup = self.store.get(id).await.unwrap();
                if seen(&setup) {
                    return setup;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(LONG, found).await.expect("it never came")
    }

    /// Waits until a setup has told this.
    pub(crate) async fn until_told(&self, id: SetupId, wanted: &ProgressEvent) {
        let mut news = std::pin::pin!(self.engine.follow(id, 0));
        let told = async { while news.next().await.unwrap().unwrap().event != *wanted {} };
        tokio::time::timeout(LONG, told).await.expect("it was never told");
    }

    /// Everything a setup told, followed to its end.
    pub(crate) async fn told(&self, id: SetupId) -> Vec<ProgressEvent> {
        let news = self.engine.follow(id, 0).map(|one| one.unwrap());
        let news: Vec<Progress> =
            tokio::time::timeout(LONG, news.collect()).await.expect("it never ended");
        let numbers: Vec<_> = news.iter().map(|one| one.seq).collect();
        assert_eq!(numbers, (1..=news.len() as u64).collect::<Vec<_>>());
        news.into_iter().map(|one| one.event).collect()
    }

    /// What the account has left, and that nothing was lost or made.
    pub(crate) async fn left(&self) -> Amount {
        assert_eq!(self.ledger.total(), FUNDS);
        self.ledger.available(self.account).await.unwrap()
    }

    /// What was spent, with nothing held any more.
    pub(crate) async fn spent(&self) -> Amount {
        FUNDS.checked_sub(self.left().await).unwrap()
    }
}

/// Waits until the hub knows that a device is gone.
pub(crate) async fn gone(hub: &Hub, device: DeviceId) {
    let gone = async {
        while hub.is_connected(device) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(LONG, gone).await.expect("it is never gone");
}

fn an_engine(
    store: Arc<dyn SetupStore>,
    ledger: Arc<dyn CreditLedger>,
    prices: Arc<dyn Prices>,
    (audit, supervisor): (&Arc<Frail>, &Supervisor),
) -> (Engine, Hub) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::starting_at(Timestamp(1_000)));
    let audit: Arc<dyn AuditLog> = audit.clone();
    let hub = Hub::audited(supervisor.clone(), Arc::clone(&clock), audit);
    let engine = Engine::new(EngineParts {
        planner: Arc::new(StepEach),
        store,
        ledger,
        prices,
        clock,
        hub: hub.clone(),
        supervisor: supervisor.clone(),
    });
    (engine, hub)
}

pub(crate) fn install(things: &[&str]) -> Intent {
    let things = things.iter().map(|thing| thing.parse().unwrap()).collect();
    Intent::Install(Install { things, from: None, hosts: Vec::new() })
}

/// One step for each thing, each after the one before, except those that begin with
/// `free`. Things that begin with `exec` run a program, `refresh` refreshes the index. `ask:N` asks N times first.
#[derive(Debug)]
struct StepEach;

#[async_trait::async_trait]
impl Planner for StepEach {
    async fn plan(&self, intent: &Intent, facts: &Facts) -> Result<Planned, PlanError> {
        let Intent::Install(Install { things, .. }) = intent else {
            return Err(PlanError::Unavailable("undo is not planned here".into()));
        };
        let mut steps: Vec<Step> = Vec::new();
        for thing in things {
            let name = thing.as_str();
            if let Some(times) = name.strip_prefix("ask:") {
                let query = |n: usize| Query::Command(format!("tool{n}").parse().unwrap());
                let open =
                    (0..times.parse().unwrap()).find(|n| facts.answers.get(&query(*n)).is_none());
                if let Some(n) = open {
                    return Ok(Planned::Ask(vec![query(n)]));
                }
                continue;
            }
            let before = steps.last().filter(|_| !name.starts_with("free"));
            let before: Vec<StepId> = before.map(|step| step.id.clone()).into_iter().collect();
            steps.push(a_step(name, before));
        }
        let intent = intent.clone();
        Ok(Planned::Plan(Plan { intent, steps, sources: Vec::new(), follow_up: Vec::new() }))
    }
}

pub(crate) fn a_step(name: &str, depends_on: Vec<StepId>) -> Step {
    let action = if name.starts_with("exec") {
        let argv = Argv::new(["true"]).unwrap();
        Action::Exec(Exec { argv, cwd: None, env: BTreeMap::new() })
    } else if name.starts_with("refresh") {
        Action::RefreshIndex(Manager::Apt)
    } else {
        Action::Packages(Packages {
            manager: Manager::Apt,
            operation: PackageOperation::Install,
            names: vec![name.parse().unwrap()],
        })
    };
    Step {
        id: name.parse().unwrap(),
        title: format!("Install {name}"),
        action,
        effect: Effect::Write,
        needs_root: true,
        touches: Vec::new(),
        network: Vec::new(),
        timeout: Step::DEFAULT_TIMEOUT,
        interruptible: true,
        undo: Undo::Exact,
        depends_on,
        resource_keys: vec!["apt".parse().unwrap()],
        warning: String::new(),
    }
}

/// Every step costs the same number of credits, at first one; undo is free.
#[derive(Debug)]
pub(crate) struct SameEach(pub(crate) AtomicU64);

impl Prices for SameEach {
    fn quote(&self, plan: &Plan) -> Quote {
        match &plan.intent {
            Intent::Undo(_) | Intent::Fix(_) => Quote::free(),
            Intent::Install(_) => {
                let each = self.0.load(Ordering::SeqCst);
                let price = |step: &Step| (step.id.clone(), Amount::credits(each));
                Quote::fixed(format!("{each} each"), plan.steps.iter().map(price))
            }
        }
    }
}
