//! Chance that is the same whenever the seed is.

use std::{
    hash::{Hash, Hasher as _},
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// A source of chance. Each is a stream of its own, so that one more draw in one place leaves
/// all others as they were.
#[derive(Debug)]
pub(super) struct Chance {
    seed: u64,
    stream: Mutex<fastrand::Rng>,
}

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, stream: Mutex::new(fastrand::Rng::with_seed(seed)) }
    }

    /// The stream of this name: the same one however much was drawn from this.
    pub(super) fn of(&self, name: impl Hash) -> Self {
        // Keyed with constants: the same in every process.
        let mut hash = std::hash::DefaultHasher::new();
        (self.seed, name).hash(&mut hash);
        Self::new(hash.finish())
    }

    /// Whether something happens that happens so often in a thousand times.
    pub(super) fn happens(&self, per_mille: u32) -> bool {
        self.draw(|stream| stream.u32(0..1000)) < per_mille
    }

    /// One of `0..count`.
    pub(super) fn below(&self, count: usize) -> usize {
        self.draw(|stream| stream.usize(0..count))
    }

    /// One of these.
    pub(super) fn pick<'a, T>(&self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// A while of at most this.
    pub(super) fn within(&self, most: Duration) -> Duration {
        let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX - 1);
        Duration::from_millis(self.draw(|stream| stream.u64(0..=most)))
    }

    /// Bytes for a name.
    pub(super) fn name(&self) -> [u8; 16] {
        self.draw(|stream| stream.u128(..)).to_be_bytes()
    }

    fn draw<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.stream.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
