//! [`Leases`] of one process.

use crate::{Clock, Lease, Leases, LimitKey, LimiterError, RequestId, SystemClock, Timestamp};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

type Places = HashMap<(LimitKey, LimitKey), HashMap<RequestId, Timestamp>>;

/// [`Leases`] of one process.
#[derive(Debug)]
pub struct MemoryLeases {
    places: Mutex<Places>,
    clock: Arc<dyn Clock>,
}

impl Default for MemoryLeases {
    fn default() -> Self {
        Self::new(Arc::new(SystemClock::new()))
    }
}

impl MemoryLeases {
    /// Leases that end by this clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { places: Mutex::default(), clock }
    }

    /// Everything, without what has ended.
    fn places(&self, now: Timestamp) -> MutexGuard<'_, Places> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|_, held| {
            held.retain(|_, until| *until > now);
            !held.is_empty()
        });
        places
    }
}

#[async_trait::async_trait]
impl Leases for MemoryLeases {
    async fn take(
        &self,
        owner: &LimitKey,
        thing: &LimitKey,
        most: u32,
        ttl: Duration,
    ) -> Result<Option<Lease>, LimiterError> {
        let now = self.clock.now();
        let mut places = self.places(now);
        let held = places.entry((owner.clone(), thing.clone())).or_default();
        if held.len() >= usize::try_from(most).unwrap_or(usize::MAX) {
            return Ok(None);
        }
        let id = RequestId::generate();
        held.insert(id, now.after(ttl));
        Ok(Some(Lease { owner: owner.clone(), thing: thing.clone(), id }))
    }

    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<bool, LimiterError> {
        let now = self.clock.now();
        let key = (lease.owner.clone(), lease.thing.clone());
        let mut places = self.places(now);
        let held = places.get_mut(&key).and_then(|held| held.get_mut(&lease.id));
        Ok(held.map(|until| *until = now.after(ttl)).is_some())
    }

    async fn give_back(&self, lease: &Lease) -> Result<(), LimiterError> {
        let key = (lease.owner.clone(), lease.thing.clone());
        if let Some(held) = self.places(self.clock.now()).get_mut(&key) {
            held.remove(&lease.id);
        }
        Ok(())
    }
}
