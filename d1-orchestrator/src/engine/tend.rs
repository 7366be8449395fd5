//! Many processes on one store: whoever has the link of a device drives its setups.
//!
//! A process may die with setups in its hands, or lose the link of their device to another one.
//! So every process looks, now and again, at the setups that somebody has to look after, and
//!
//! 1. seizes those of a device that has just linked up here, whoever had them: a device has one
//!    link, and the newest is the one it has. Where servers know of each other's links, they
//!    are asked whether that is this one;
//! 2. renews its leases, and takes what is free, of the devices that are linked here;
//! 3. drives what it has, under a new epoch where somebody else drove it before;
//! 4. winds up what needs no device and is nobody's: what is over and not settled, what
//!    somebody said yes to and died, and what has waited for its device for too long;
//! 5. lets go of what others have taken, and frees the leases of devices that are gone.
//!
//! Leases keep two processes that both believe to have the link from taking a setup from each
//! other in turns. What keeps the wrong one from acting are the versions of the store and the
//! epochs on the devices. A process that dies is followed at once by the one that its device
//! comes to, and otherwise after [`LEASE`].

use super::{core::Engine, error::EngineError, orders::Wish, wait::waits_in_vain};
use d1_core::{DeviceId, NodeId, Setup, SetupId, SetupLeases};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

/// How often a process looks for what it has to take up.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// How long a setup stays with a process that says nothing more: three looks.
const LEASE: Duration = Duration::from_secs(15);
/// How many leases are asked for at once.
const BATCH: usize = 1_000;

/// Looks after the setups of one process among many.
struct Tender {
    engine: Engine,
    leases: Arc<dyn SetupLeases>,
    node: NodeId,
    /// The links at the last look.
    links: HashMap<DeviceId, u64>,
    /// The leases after the last look.
    held: HashSet<SetupId>,
}

impl Engine {
    /// Drives the setups of every device that is linked to this process, whoever held them
    /// before, from now on until everything stops. `node` names this process in `leases`.
    ///
    /// For processes that share a store. One that has a store to itself calls
    /// [`Engine::recover`] once instead; and where several processes have links to one device
    /// at the same time, as on a person's own machine, none may call this.
    pub fn tend(&self, leases: Arc<dyn SetupLeases>, node: NodeId) {
        let (links, held) = (HashMap::new(), HashSet::new());
        let mut tender = Tender { engine: self.clone(), leases, node, links, held };
        let stopping = self.0.parts.supervisor.stopping();
        self.0.parts.supervisor.run("setup sweep", async move {
            loop {
                if let Err(error) = tender.sweep().await {
                    tracing::warn!(%error, "cannot look for setups to take up");
                }
                tokio::select! {
                    biased;
                    () = stopping.cancelled() => break,
                    // A device that has just come may bring what another process drove.
                    () = tender.engine.0.arrived.notified() => {}
                    () = tokio::time::sleep(SWEEP_EVERY) => {}
                }
            }
            tender.give_back(|_| true).await;
        });
    }
}

impl Tender {
    async fn sweep(&mut self) -> Result<(), EngineError> {
        let links = self.engine.hub().links();
        let unfinished = self.engine.0.parts.store.unfinished().await?;
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            unfinished.into_iter().partition(|setup| links.contains_key(&setup.device));
        self.seize(&here, &links).await?;
        self.links = links;
        let now = self.engine.0.parts.clock.now();
        let orphans = elsewhere
            .iter()
            .filter(|setup| !setup.state.is_under_way() || waits_in_vain(setup, now));
        let wanted: Vec<_> = here.iter().chain(orphans).map(|setup| setup.id).collect();
        let held = self.hold(&wanted).await?;
        self.give_back(|setup| !held.contains(setup)).await;
        self.held = held;
        for setup in here.iter().filter(|setup| self.held.contains(&setup.id)) {
            self.tell(setup.id, Wish::Tend { version: setup.version }).await;
        }
        for setup in elsewhere.iter().filter(|setup| self.held.contains(&setup.id)) {
            self.tell(setup.id, Wish::Take).await;
        }
        for setup in self.engine.driven().into_iter().filter(|setup| !self.held.contains(setup)) {
            self.tell(setup, Wish::LetGo).await;
        }
        Ok(())
    }

    /// Takes the setups of devices that have just linked up, whoever has them.
    async fn seize(
        &self,
        here: &[Setup],
        links: &HashMap<DeviceId, u64>,
    ) -> Result<(), EngineError> {
        let mut ours: HashMap<DeviceId, bool> = HashMap::new();
        let mut seized = Vec::new();
        for setup in here {
            let device = setup.device;
            if links.get(&device) == self.links.get(&device) {
                continue;
            }
            let is_ours = match ours.get(&device) {
                Some(known) => *known,
                None => self.engine.hub().has_newest_link(device).await,
            };
            ours.insert(device, is_ours);
            seized.extend(is_ours.then_some(setup.id));
        }
        for some in seized.chunks(BATCH) {
            self.leases.seize(self.node, some, LEASE).await?;
        }
        Ok(())
    }

    async fn hold(&self, wanted: &[SetupId]) -> Result<HashSet<SetupId>, EngineError> {
        let mut held = HashSet::new();
        for some in wanted.chunks(BATCH) {
            held.extend(self.leases.hold(self.node, some, LEASE).await?);
        }
        Ok(held)
    }

    /// Frees those leases. When it cannot be done they end by themselves.
    async fn give_back(&self, which: impl Fn(&SetupId) -> bool) {
        let over: Vec<_> = self.held.iter().filter(|setup| which(setup)).copied().collect();
        for some in over.chunks(BATCH) {
            if let Err(error) = self.leases.give_back(self.node, some).await {
                tracing::warn!(%error, "leases of setups are not given back");
                return;
            }
        }
    }

    /// Somebody else may be first, or this process believe that it still has what it has not:
    /// the next look settles it.
    async fn tell(&self, setup: SetupId, wish: Wish) {
        if let Err(error) = self.engine.tell(setup, wish).await {
            tracing::debug!(%setup, %error, "not taken up yet");
        }
    }
}
