//! One world, from its seed to its judgement.
//!
//! 1. Safety: people work while everything breaks that breaks in this world.
//! 2. Liveness: nothing breaks any more, and everything has time to come to its end.
//! 3. The invariants look at what happened and at what is left.

use super::{flaw::Flaw, ground::Ground, history::Event, parts::Parts, universe::Universe};
use d1_core::{Journal, SetupStore};
use std::{fmt, sync::Arc, time::Duration};

/// A world to be simulated.
#[derive(Clone, Debug)]
pub struct Simulation {
    seed: u64,
    flaw: Option<Flaw>,
    parts: Parts,
}

/// What became of a world.
#[derive(Debug)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// How many setups there were.
    pub setups: usize,
    /// How often a machine began something.
    pub effects: usize,
    /// How often something befell it.
    pub accidents: usize,
    /// The same whenever the same happened.
    pub digest: String,
    /// Which promises were broken, and how.
    pub violations: Vec<String>,
    /// Everything that happened.
    pub history: Vec<(Duration, Event)>,
}

impl Simulation {
    /// The world of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, flaw: None, parts: Parts::default() }
    }

    /// The same world, on a store of your own. It is asked for once, and has to outlive the
    /// death of every node.
    #[must_use]
    pub fn with_store(
        self,
        store: impl Fn() -> Arc<dyn SetupStore> + Send + Sync + 'static,
    ) -> Self {
        Self { parts: Parts { store: Arc::new(store), ..self.parts }, ..self }
    }

    /// The same world, whose devices have journals of your own. One is asked for each device,
    /// and has to outlive the death of its daemon.
    #[must_use]
    pub fn with_journal(
        self,
        journal: impl Fn() -> Arc<dyn Journal> + Send + Sync + 'static,
    ) -> Self {
        Self { parts: Parts { journal: Arc::new(journal), ..self.parts }, ..self }
    }

    /// The same world, with a promise broken on purpose.
    #[must_use]
    pub fn with_flaw(self, flaw: Flaw) -> Self {
        Self { flaw: Some(flaw), ..self }
    }

    /// Lets it happen, in virtual time.
    #[must_use]
    pub fn run(self) -> Report {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_time().start_paused(true).build().unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, async {
            let ground = Arc::new(Ground::of(self.seed, self.flaw));
            Universe::begin(self.seed, &ground, &self.parts).await.play().await
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, event) in &self.history {
            writeln!(f, "{:>9.3} s  {event}", at.as_secs_f64())?;
        }
        let Self { seed, setups, effects, accidents, digest, violations, .. } = self;
        write!(
            f,
            "seed {seed}: {setups} setups, {effects} effects, {accidents} accidents, {digest}"
        )?;
        violations.iter().try_for_each(|violation| write!(f, "\n  broken: {violation}"))
    }
}
