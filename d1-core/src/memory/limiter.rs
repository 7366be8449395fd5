//! A [`RateLimiter`] of one process.
//!
//! Everything of an owner is behind one lock, so that a check over several limits is one
//! decision. What has been given back in full is forgotten when room is needed: it is as if
//! it had never been.

use crate::{
    Admission, Ask, Clock, Decision, Limit, LimitKey, LimiterError, RateLimiter, SystemClock,
    decide,
};
use hashbrown::{HashTable, hash_table::OccupiedEntry};
use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many locks there are: few threads ever meet at one.
const SHARDS: usize = 64;
/// Which bits of a hash tell the lock: those that a table does not go by.
const SHARD_SHIFT: u32 = 40;
/// The most keys that are remembered; some 100 MB.
const MAX_KEYS: usize = 1 << 20;
/// Below this many keys a shard does not look for what it can forget.
const FEW: usize = 64;
/// Of how many the one that is forgotten is chosen, when there is room for no more.
const SAMPLE: usize = 8;

/// A [`RateLimiter`] of one process, with bounded memory.
#[derive(Debug)]
pub struct MemoryLimiter {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    clock: Arc<dyn Clock>,
    most: usize,
}

#[derive(Debug, Default)]
struct Shard {
    taken: HashTable<Taken>,
    /// How many were left after it last forgot.
    kept: usize,
}

/// What somebody has taken of one limit.
#[derive(Clone, Debug)]
struct Taken {
    hash: u64,
    owner: LimitKey,
    limit: LimitKey,
    part: Option<LimitKey>,
    tat: u64,
}

/// Where it is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place<'a> {
    hash: u64,
    owner: &'a LimitKey,
    limit: &'a LimitKey,
    part: Option<&'a LimitKey>,
}

impl Taken {
    const fn place(&self) -> Place<'_> {
        Place { hash: self.hash, owner: &self.owner, limit: &self.limit, part: self.part.as_ref() }
    }
}

impl Default for MemoryLimiter {
    fn default() -> Self {
        Self::new(Arc::new(SystemClock::new()))
    }
}

impl MemoryLimiter {
    /// One that lives by this clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_room(clock, MAX_KEYS)
    }

    /// One that remembers so many keys at most, rounded up to a multiple of its locks.
    #[must_use]
    pub fn with_room(clock: Arc<dyn Clock>, most: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, hasher: RandomState::new(), clock, most: most.div_ceil(SHARDS).max(1) }
    }

    /// How many keys are remembered.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).taken.len()).sum()
    }

    /// The same as [`RateLimiter::check`], which never waits here.
    pub fn check_now(&self, owner: &LimitKey, asks: &[Ask<'_>]) -> Result<Decision, LimiterError> {
        let hash = self.hasher.hash_one(owner);
        let index = usize::try_from((hash >> SHARD_SHIFT) % SHARDS as u64).unwrap_or_default();
        let Some(shard) = self.shards.get(index) else { return Ok(Decision::Allow(None)) };
        let mut shard = lock(shard);
        // Asked under the lock: of two checks of an owner the later has the later time.
        let now = self.clock.now().0.saturating_mul(1_000);
        match asks {
            [ask] => shard.one(self.place(hash, owner, ask), ask, now, self.most),
            _ => {
                let places = asks.iter().map(|ask| self.place(hash, owner, ask));
                shard.several(places, asks, now, self.most)
            }
        }
    }

    /// An owner has few limits, and any number of parts.
    fn place<'a>(&self, hash: u64, owner: &'a LimitKey, ask: &Ask<'a>) -> Place<'a> {
        let part = ask.part.map_or(0, |part| self.hasher.hash_one(part));
        Place { hash: hash ^ part, owner, limit: ask.limit.name(), part: ask.part }
    }
}

impl Shard {
    /// The usual case, without a list.
    fn one(
        &mut self,
        place: Place<'_>,
        ask: &Ask<'_>,
        now: u64,
        most: usize,
    ) -> Result<Decision, LimiterError> {
        // Found once, and changed where it is: this is what nearly every check does.
        let said = if let Some(known) = self.find(&place) {
            let said = ask.limit.admit(known.tat, now, ask.quantity)?;
            // A refusal leaves no more than the furthest, as `admit` does.
            known.tat = said.tat;
            said
        } else {
            let said = ask.limit.admit(0, now, ask.quantity)?;
            if said.tat > now {
                self.remember(&place, said.tat, now, most);
            }
            said
        };
        Ok(decide([(ask.limit.clone(), said)]))
    }

    fn several<'a>(
        &mut self,
        places: impl Iterator<Item = Place<'a>>,
        asks: &[Ask<'_>],
        now: u64,
        most: usize,
    ) -> Result<Decision, LimiterError> {
        // A place that is asked of twice is seen the second time as the first would leave it.
        let mut said: Vec<(Place<'_>, Admission)> = Vec::with_capacity(asks.len());
        for (place, ask) in places.zip(asks) {
            let before = said.iter().rev().find(|(other, _)| *other == place).map(|(_, it)| it.tat);
            let tat = before.or_else(|| self.find(&place).map(|known| known.tat));
            let admission = ask.limit.admit(tat.unwrap_or_default(), now, ask.quantity)?;
            said.push((place, admission));
        }
        let limits = asks.iter().map(|ask| ask.limit.clone());
        let decision = decide(limits.zip(said.iter().map(|(_, admission)| *admission)));
        if matches!(decision, Decision::Allow(_)) {
            for (place, admission) in said {
                if admission.tat > now {
                    self.remember(&place, admission.tat, now, most);
                }
            }
        } else {
            for (ask, (place, _)) in asks.iter().zip(&said) {
                self.clamp(place, ask.limit, now);
            }
        }
        Ok(decision)
    }

    fn find(&mut self, place: &Place<'_>) -> Option<&mut Taken> {
        self.taken.find_mut(place.hash, |taken| taken.place() == *place)
    }

    /// Forgets what is too far ahead for this limit. If a refusal left it there, whoever
    /// waited as told would be refused again, until the time of an older limit or clock.
    fn clamp(&mut self, place: &Place<'_>, limit: &Limit, now: u64) {
        if let Some(known) = self.find(place) {
            known.tat = limit.furthest(now).min(known.tat);
        }
    }

    fn remember(&mut self, place: &Place<'_>, tat: u64, now: u64, most: usize) {
        if let Some(known) = self.find(place) {
            known.tat = tat;
            return;
        }
        let due = self.kept.saturating_mul(2).max(FEW).min(most);
        if self.taken.len() >= due {
            self.taken.retain(|taken| taken.tat > now);
            self.kept = self.taken.len();
        }
        while self.taken.len() >= most {
            // Whoever fills the memory to be forgotten has as many keys as fit in it already.
            let sample = self.taken.iter().take(SAMPLE).min_by_key(|taken| taken.tat);
            let Some(nearest) = sample.cloned() else { break };
            let place = nearest.place();
            let found = self.taken.find_entry(place.hash, |taken| taken.place() == place);
            if found.map(OccupiedEntry::remove).is_err() {
                break;
            }
        }
        let taken = Taken {
            hash: place.hash,
            owner: place.owner.clone(),
            limit: place.limit.clone(),
            part: place.part.cloned(),
            tat,
        };
        self.taken.insert_unique(place.hash, taken, |taken| taken.hash);
    }
}

#[async_trait::async_trait]
impl RateLimiter for MemoryLimiter {
    async fn check(&self, owner: &LimitKey, asks: &[Ask<'_>]) -> Result<Decision, LimiterError> {
        self.check_now(owner, asks)
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
