//! The devices: a machine and a journal that last, and a daemon with a real agent that dies,
//! stands still, and starts again.

use super::{
    audit::{KeptAudit, WatchedAudit},
    chance::Chance,
    clock::SkewedClock,
    disk::Disk,
    ground::{Ground, in_the_background},
    history::Event,
    journal::{Seen, WatchedJournal},
    life::Life,
    machine::{Processes, WatchedMachine},
    network::Network,
    node::Node,
};
use d1_core::{DeviceId, DeviceLink, Journal, Supervisor, memory::MemoryMachine};
use d1_executor::{Agent, AgentParts};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long a daemon stays away at most after it died.
const AWAY: Duration = Duration::from_secs(60);
/// How long a daemon waits at most before it dials again.
const PAUSE: Duration = Duration::from_secs(4);

/// One device.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) number: usize,
    pub(super) id: DeviceId,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) audit: KeptAudit,
    pub(super) machine: Arc<MemoryMachine>,
    ground: Arc<Ground>,
    network: Arc<Network>,
    nodes: Vec<Arc<Node>>,
    clock: Arc<SkewedClock>,
    chance: Chance,
    seen: Seen,
    processes: Processes,
    present: Mutex<Option<Life>>,
}

impl Device {
    pub(super) fn new(
        number: usize,
        ground: &Arc<Ground>,
        network: &Arc<Network>,
        nodes: &[Arc<Node>],
        (journal, machine): (Arc<dyn Journal>, Arc<MemoryMachine>),
    ) -> Self {
        let chance = ground.chance.of(("device", number));
        let name = chance.name();
        Self {
            number,
            id: DeviceId::from_bytes(name),
            journal,
            audit: KeptAudit::new(name, ground.flaw),
            machine,
            ground: Arc::clone(ground),
            network: Arc::clone(network),
            nodes: nodes.to_vec(),
            clock: Arc::new(SkewedClock::new(&chance, ground.weather.skew, ground.began)),
            chance,
            seen: Seen::default(),
            processes: Processes::default(),
            present: Mutex::default(),
        }
    }

    /// Its daemon lives, dies, and lives again, for ever.
    pub(super) async fn live(&self) {
        for number in 0.. {
            let life = Life::begin();
            *self.present.lock().unwrap_or_else(PoisonError::into_inner) = Some(life.clone());
            tokio::select! {
                biased;
                () = life.death() => {}
                () = self.serve(&life, number) => {}
            }
            // What is left of it can do nothing any more.
            life.die();
            tokio::time::sleep(self.chance.within(AWAY)).await;
            self.befell("starts again");
        }
    }

    /// The life of its daemon, when it has one.
    pub(super) fn life(&self) -> Option<Life> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Serves one node after the other; returns when its journal failed.
    async fn serve(&self, life: &Life, number: usize) {
        let agent = self.agent(life, number);
        if agent.recover().await.is_err() {
            return;
        }
        loop {
            life.breathe().await;
            if let Some(link) = self.dial(life)
                && self.serve_link(&agent, link).await.is_err()
            {
                return;
            }
            tokio::time::sleep(self.chance.within(PAUSE)).await;
        }
    }

    /// Serves a link until it ends, or for a while, and goes on serving it while the next one
    /// is dialled. An error when the journal failed.
    async fn serve_link(&self, agent: &Agent, link: DeviceLink) -> Result<(), ()> {
        let agent = agent.clone();
        let serving = in_the_background(async move { agent.serve(link, "a node").await });
        let ended = match self.ground.weather.overlaps_after(&self.chance) {
            None => serving.await,
            Some(while_alone) => match tokio::time::timeout(while_alone, serving).await {
                Ok(ended) => ended,
                Err(_still_serving) => {
                    self.befell("dials once more");
                    return Ok(());
                }
            },
        };
        match ended {
            Ok(Ok(())) => Ok(()),
            Ok(Err(problem)) => {
                self.befell(&format!("gives up: {problem}"));
                Err(())
            }
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }

    fn agent(&self, life: &Life, number: usize) -> Agent {
        let owner = format!("device {}", self.number);
        Agent::new(AgentParts {
            device: self.id,
            version: env!("CARGO_PKG_VERSION").into(),
            executor: Arc::new(WatchedMachine {
                machine: Arc::clone(&self.machine),
                processes: self.processes.clone(),
                ground: Arc::clone(&self.ground),
                chance: self.ground.chance.of((&owner, "machine", number)),
                life: life.clone(),
            }),
            journal: Arc::new(WatchedJournal {
                device: self.id,
                journal: Arc::clone(&self.journal),
                disk: Disk::new(&self.ground, life, &owner, number),
                ground: Arc::clone(&self.ground),
                seen: Arc::clone(&self.seen),
                processes: self.processes.clone(),
            }),
            audit: Arc::new(WatchedAudit {
                log: Arc::clone(&self.audit.log),
                disk: Disk::new(&self.ground, life, &format!("{owner}, audit,"), number),
            }),
            clock: self.clock.clone(),
            supervisor: Supervisor::default(),
        })
    }

    fn dial(&self, life: &Life) -> Option<DeviceLink> {
        let at = self.chance.below(self.nodes.len());
        let process = self.nodes[at].process()?;
        let between = (at, self.number);
        let (ours, theirs) = self.network.open(between, (&process.life, life))?;
        Node::attach(&process, theirs);
        Some(ours)
    }

    fn befell(&self, what: &str) {
        self.ground.history.note(Event::Befell(format!("device {} {what}", self.number)));
    }
}
