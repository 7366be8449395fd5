//! What a process writes: slowly, and it may die before or after, never in the middle.

use super::{chance::Chance, ground::Ground, history::Event, life::Life};
use std::sync::Arc;

/// The way of one process to what it keeps.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    ground: Arc<Ground>,
    chance: Arc<Chance>,
    life: Life,
    owner: String,
}

impl Disk {
    /// The disk of `owner`, in its life of this number.
    pub(super) fn new(ground: &Arc<Ground>, life: &Life, owner: &str, number: usize) -> Self {
        let chance = Arc::new(ground.chance.of((owner, number)));
        Self { ground: Arc::clone(ground), chance, life: life.clone(), owner: owner.to_owned() }
    }

    /// Reads, which takes no time and harms nobody.
    pub(super) async fn read<T>(&self, work: impl Future<Output = T>) -> T {
        self.life.breathe().await;
        let read = work.await;
        self.life.breathe().await;
        read
    }

    /// Writes. It is written when this returns; when the process died, it may be.
    pub(super) async fn write<T>(&self, what: &str, work: impl Future<Output = T>) -> T {
        self.life.breathe().await;
        tokio::time::sleep(self.ground.weather.write_takes(&self.chance)).await;
        self.may_die("before", what);
        self.life.breathe().await;
        let written = work.await;
        self.may_die("after", what);
        self.life.breathe().await;
        written
    }

    fn may_die(&self, when: &str, what: &str) {
        if self.life.runs() && self.ground.weather.dies_writing(&self.chance) {
            let death = format!("{} dies {when} it could {what}", self.owner);
            self.ground.history.note(Event::Befell(death));
            self.life.die();
        }
    }
}
