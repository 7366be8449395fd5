//! Everything in one world, and the course that it takes.

use super::{
    chance::Chance,
    device::Device,
    fleet,
    ground::Ground,
    history::Event,
    invariants,
    life::Life,
    network::Network,
    node::Node,
    parts::{Parts, paid},
    people::Person,
    rest::{Account, AtRest},
    simulation::Report,
};
use d1_billing::{Grant, Key, Ledger, Open, Operation, Source};
use d1_core::{
    Amount, AuditLine, AuditPublicKey, Entry, Page, Setup, SetupLeases, SetupStore, SystemClock,
    Timestamp, memory::MemorySetupLeases,
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::task::JoinSet;

/// What every account has at the beginning: more than all that people here can want.
const GIVEN: Amount = Amount::credits(100_000);

/// How long a world may take to heal.
const HEALING: Duration = Duration::from_secs(4 * 3600);
/// How often it is looked whether it has healed.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long a node and a device are parted at most.
const LONGEST_PARTITION: Duration = Duration::from_secs(100);
/// How long a process stands still at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(90);
/// How often the books are counted during the storm.
const COUNT_EVERY: Duration = Duration::from_secs(20);

/// Everything in one world.
#[derive(Debug)]
pub(super) struct Universe {
    seed: u64,
    ground: Arc<Ground>,
    chance: Chance,
    network: Arc<Network>,
    nodes: Vec<Arc<Node>>,
    devices: Vec<Arc<Device>>,
    people: Vec<Arc<Person>>,
    store: Arc<dyn SetupStore>,
    ledger: Ledger,
    /// What was wrong with the books while everything was under way.
    miscounts: Mutex<Vec<String>>,
}

impl Universe {
    pub(super) async fn begin(seed: u64, ground: &Arc<Ground>, parts: &Parts) -> Self {
        let chance = ground.chance.of("universe");
        let network = Arc::new(Network::new(Arc::clone(ground)));
        let books_clock = SystemClock::starting_at(Timestamp(1_800_000_000_000));
        let ledger = Ledger::in_memory(Arc::new(books_clock));
        let store = parts.store(ground.flaw);
        let paid = paid(Arc::new(ledger.clone()), ground.flaw);
        let shared = leases();
        let node = |number| {
            let (store, paid) = (Arc::clone(&store), Arc::clone(&paid));
            // Leases that nobody else sees keep nobody from anything.
            let leases = if ground.weather.leases_fail { leases() } else { Arc::clone(&shared) };
            Arc::new(Node::new(number, ground, store, paid, leases))
        };
        let nodes: Vec<_> = (0..=chance.below(3)).map(node).collect();
        let devices: Vec<_> = (0..=chance.below(3))
            .map(|number| {
                let kept =
                    (parts.journal(ground.flaw), fleet::machine(&chance.of(("machine", number))));
                Arc::new(Device::new(number, ground, &network, &nodes, kept))
            })
            .collect();
        let people: Vec<_> = (0..=chance.below(3))
            .map(|number| Arc::new(Person::new(number, ground, &nodes, &devices)))
            .collect();
        for person in &people {
            give(&ledger, person).await;
        }
        let ground = Arc::clone(ground);
        let miscounts = Mutex::default();
        Self { seed, ground, chance, network, nodes, devices, people, store, ledger, miscounts }
    }

    /// Storm, healing, judgement.
    pub(super) async fn play(self) -> Report {
        let mut lives = JoinSet::new();
        for node in self.nodes.clone() {
            lives.spawn(async move { node.live().await });
        }
        for device in self.devices.clone() {
            lives.spawn(async move { device.live().await });
        }
        let mut people = JoinSet::new();
        for person in self.people.clone() {
            // What a person asks is not `Send`; their world has one thread anyway.
            people.spawn_local(async move { person.live().await });
        }
        self.storm().await;
        self.heal(&mut people).await;
        self.judge().await
    }

    async fn storm(&self) {
        let weather = &self.ground.weather;
        let storm = async {
            tokio::join!(
                self.keep_happening(weather.cuts, async || self.network.cut_one()),
                self.keep_happening(weather.partitions, async || self.part_two().await),
                self.keep_happening(weather.deaths, async || self.strike()),
                self.keep_happening(weather.pauses, async || self.hold_up().await),
                self.keep_happening(Some(COUNT_EVERY), async || self.count().await),
            )
        };
        // It would go on for ever.
        let _over = tokio::time::timeout(weather.storm, storm).await;
    }

    async fn keep_happening(&self, every: Option<Duration>, accident: impl AsyncFn()) {
        let Some(every) = every else { return };
        loop {
            tokio::time::sleep(self.chance.within(every * 2)).await;
            accident().await;
        }
    }

    async fn part_two(&self) {
        let node = self.chance.below(self.nodes.len());
        let device = self.chance.below(self.devices.len());
        let lasting = self.chance.within(LONGEST_PARTITION);
        self.network.part((node, device), lasting).await;
    }

    fn strike(&self) {
        let lives = self.lives();
        let (who, life) = self.chance.pick(&lives);
        self.befell(format!("{who} is killed"));
        life.die();
    }

    async fn hold_up(&self) {
        let lives = self.lives();
        let (who, life) = self.chance.pick(&lives);
        let lasting = self.chance.within(LONGEST_PAUSE);
        self.befell(format!("{who} stands still for {lasting:?}"));
        life.pause();
        tokio::time::sleep(lasting).await;
        life.go_on();
    }

    async fn heal(&self, people: &mut JoinSet<()>) {
        self.befell("the storm is over".to_owned());
        self.ground.weather.calm_down();
        self.lives().iter().for_each(|(_, life)| life.go_on());
        self.network.begin_anew();
        let healed = async {
            while people.join_next().await.is_some() {}
            while !self.is_at_rest().await {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        // What has not healed by now is for the invariants to find.
        let _never_healed = tokio::time::timeout(HEALING, healed).await;
    }

    async fn is_at_rest(&self) -> bool {
        let is_open = |setup: &Setup| setup.state.is_under_way();
        for account in self.accounts().await {
            if !account.held.is_zero() {
                return false;
            }
        }
        !self.setups().await.iter().any(is_open) && self.remembered().await.is_empty()
    }

    async fn judge(self) -> Report {
        self.count().await;
        let at_rest = AtRest {
            history: self.ground.history.events(),
            setups: self.setups().await,
            approved: self.people.iter().flat_map(|person| person.approved()).collect(),
            remembered: self.remembered().await,
            audits: self.audits().await,
            accounts: self.accounts().await,
            difference: self.miscounts.lock().unwrap_or_else(PoisonError::into_inner).pop(),
        };
        let broken = invariants::ALL.iter().filter_map(|invariant| {
            let wrong = (invariant.check)(&at_rest).err()?;
            Some(format!("{}: {wrong}", invariant.promise))
        });
        let happened = |what: fn(&Event) -> bool| at_rest.events().filter(|one| what(one)).count();
        Report {
            seed: self.seed,
            setups: at_rest.setups.len(),
            effects: happened(|event| matches!(event, Event::Began { .. })),
            accidents: happened(|event| matches!(event, Event::Befell(_))),
            digest: self.ground.history.digest(),
            violations: broken.collect(),
            history: self.ground.history.events(),
        }
    }

    /// Adds the books up, whatever is under way.
    async fn count(&self) {
        let (_, difference) = self.ledger.verify().await.unwrap();
        if let Some(difference) = difference {
            let difference = format!("the books do not add up: {difference:?}");
            self.miscounts.lock().unwrap_or_else(PoisonError::into_inner).push(difference);
        }
    }

    async fn setups(&self) -> Vec<Setup> {
        let mut setups = Vec::new();
        for person in &self.people {
            setups.extend(self.store.list(person.account, Page::default()).await.unwrap());
        }
        setups
    }

    async fn remembered(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        for device in &self.devices {
            entries.extend(device.journal.entries().await.unwrap());
        }
        entries
    }

    async fn audits(&self) -> Vec<(Vec<AuditLine>, AuditPublicKey)> {
        let mut audits = Vec::new();
        for device in &self.devices {
            audits.push((device.audit.lines().await, device.audit.key));
        }
        audits
    }

    async fn accounts(&self) -> Vec<Account> {
        let mut accounts = Vec::new();
        for person in &self.people {
            let balance = self.ledger.balance(person.account).await.unwrap();
            let (posted, held) = (balance.posted, balance.held);
            accounts.push(Account { id: person.account, given: GIVEN, posted, held });
        }
        accounts
    }

    /// Every process there is.
    fn lives(&self) -> Vec<(String, Life)> {
        let nodes =
            self.nodes.iter().enumerate().filter_map(|(number, node)| {
                Some((format!("node {number}"), node.process()?.life))
            });
        let devices = self
            .devices
            .iter()
            .filter_map(|device| Some((format!("device {}", device.number), device.life()?)));
        nodes.chain(devices).collect()
    }

    fn befell(&self, what: String) {
        self.ground.history.note(Event::Befell(what));
    }
}

async fn give(ledger: &Ledger, person: &Person) {
    let (account, low_mark) = (person.account, Amount::ZERO);
    let open = Open { account, organisation: None, low_mark };
    ledger.apply(Key::generate(), Operation::Open(open)).await.unwrap();
    let (from, until) = (Timestamp(0), None);
    let grant = Grant { account, amount: GIVEN, priority: 100, source: Source::Paid, from, until };
    ledger.grant(Key::generate(), grant).await.unwrap();
}

/// Leases of setups that nobody has.
fn leases() -> Arc<dyn SetupLeases> {
    let clock = SystemClock::starting_at(Timestamp(1_800_000_000_000));
    Arc::new(MemorySetupLeases::new(Arc::new(clock)))
}
