//! What everything in one world stands on.

use super::{chance::Chance, flaw::Flaw, history::History, weather::Weather};
use tokio::{task::JoinHandle, time::Instant};

/// What everything in one world stands on.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) chance: Chance,
    pub(super) weather: Weather,
    pub(super) history: History,
    pub(super) began: Instant,
    pub(super) flaw: Option<Flaw>,
}

impl Ground {
    /// The ground of this seed. Virtual time has to be on.
    pub(super) fn of(seed: u64, flaw: Option<Flaw>) -> Self {
        let (chance, began) = (Chance::new(seed), Instant::now());
        let weather = Weather::of(&chance.of("weather"));
        Self { chance, weather, history: History::new(began), began, flaw }
    }
}

/// Goes on by itself until the world ends, which drops whatever is left.
#[expect(clippy::disallowed_methods, reason = "a world is dropped as a whole, with its runtime")]
pub(super) fn in_the_background<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    tokio::spawn(work)
}
