//! A [`RateLimiter`] of one process.
//!
//! Everything of an owner is behind one lock, so that a check over several limits is one
//! decision. What has been given back in full is forgotten when room is needed: it is as if
//! it had never been.

use crate::{
    Admission, Ask, Clock, Decision, Limit, LimitKey, LimiterError, RateLimiter, SystemClock,
    decide,
};
use std::{
    cell::RefCell,
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many locks there are: few threads ever meet at one.
const SHARDS: usize = 64;
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
    taken: HashMap<Box<str>, u64>,
    /// How many were left after it last forgot.
    kept: usize,
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
        let index = usize::try_from(hash % SHARDS as u64).unwrap_or_default();
        let Some(shard) = self.shards.get(index) else { return Ok(Decision::Allow(None)) };
        let mut shard = lock(shard);
        // Asked under the lock: of two checks of an owner the later has the later time.
        let now = self.clock.now().0.saturating_mul(1_000);
        match asks {
            [ask] => shard.one(owner, ask, now, self.most),
            _ => shard.several(owner, asks, now, self.most),
        }
    }
}

impl Shard {
    /// The usual case, without a list.
    fn one(
        &mut self,
        owner: &LimitKey,
        ask: &Ask<'_>,
        now: u64,
        most: usize,
    ) -> Result<Decision, LimiterError> {
        let said = KEY.with_borrow_mut(|key| {
            write_key(key, owner, ask);
            // Found once, and changed where it is: this is what nearly every check does.
            if let Some(known) = self.taken.get_mut(key.as_str()) {
                let said = ask.limit.admit(*known, now, ask.quantity)?;
                // A refusal leaves no more than the furthest, as `admit` does.
                *known = said.tat;
                return Ok(said);
            }
            let said = ask.limit.admit(0, now, ask.quantity)?;
            if said.tat > now {
                self.remember(key.clone(), said.tat, now, most);
            }
            Ok::<Admission, LimiterError>(said)
        })?;
        Ok(decide([(ask.limit.clone(), said)]))
    }

    fn several(
        &mut self,
        owner: &LimitKey,
        asks: &[Ask<'_>],
        now: u64,
        most: usize,
    ) -> Result<Decision, LimiterError> {
        // A key that is asked of twice is seen the second time as the first would leave it.
        let mut said: Vec<(String, Admission)> = Vec::with_capacity(asks.len());
        for ask in asks {
            let key = key(owner, ask);
            let before = said.iter().rev().find(|(other, _)| *other == key).map(|(_, it)| it.tat);
            let tat = before.or_else(|| self.taken.get(key.as_str()).copied()).unwrap_or_default();
            let admission = ask.limit.admit(tat, now, ask.quantity)?;
            said.push((key, admission));
        }
        let limits = asks.iter().map(|ask| ask.limit.clone());
        let decision = decide(limits.zip(said.iter().map(|(_, admission)| *admission)));
        if matches!(decision, Decision::Allow(_)) {
            for (key, admission) in said {
                if admission.tat > now {
                    self.remember(key, admission.tat, now, most);
                }
            }
        } else {
            for (ask, (key, _)) in asks.iter().zip(&said) {
                self.clamp(key, ask.limit, now);
            }
        }
        Ok(decision)
    }

    /// Forgets what is too far ahead for this limit. If a refusal left it there, whoever
    /// waited as told would be refused again, until the time of an older limit or clock.
    fn clamp(&mut self, key: &str, limit: &Limit, now: u64) {
        if let Some(known) = self.taken.get_mut(key) {
            *known = limit.furthest(now).min(*known);
        }
    }

    fn remember(&mut self, key: String, tat: u64, now: u64, most: usize) {
        if let Some(known) = self.taken.get_mut(key.as_str()) {
            *known = tat;
            return;
        }
        let due = self.kept.saturating_mul(2).max(FEW).min(most);
        if self.taken.len() >= due {
            self.taken.retain(|_, tat| *tat > now);
            self.kept = self.taken.len();
        }
        while self.taken.len() >= most {
            // Whoever fills the memory to be forgotten has as many keys as fit in it already.
            let sample = self.taken.iter().take(SAMPLE).min_by_key(|(_, tat)| **tat);
            let Some(nearest) = sample.map(|(key, _)| key.clone()) else { break };
            self.taken.remove(&nearest);
        }
        self.taken.insert(key.into_boxed_str(), tat);
    }
}

#[async_trait::async_trait]
impl RateLimiter for MemoryLimiter {
    async fn check(&self, owner: &LimitKey, asks: &[Ask<'_>]) -> Result<Decision, LimiterError> {
        self.check_now(owner, asks)
    }
}

thread_local! {
    /// Where a key is written to be looked up: most are known, and need no memory of their own.
    static KEY: RefCell<String> = const { RefCell::new(String::new()) };
}

fn key(owner: &LimitKey, ask: &Ask<'_>) -> String {
    let mut key = String::new();
    write_key(&mut key, owner, ask);
    key
}

/// What is remembered under; a blank is in no part of it.
fn write_key(key: &mut String, owner: &LimitKey, ask: &Ask<'_>) {
    key.clear();
    key.push_str(owner.as_str());
    key.push(' ');
    key.push_str(ask.limit.name().as_str());
    if let Some(part) = ask.part {
        key.push(' ');
        key.push_str(part.as_str());
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
