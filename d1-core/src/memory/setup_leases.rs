//! [`SetupLeases`] of one process.

use crate::{Clock, NodeId, SetupId, SetupLeases, StoreError, Timestamp};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// [`SetupLeases`] of one process: for servers that are embedded together.
#[derive(Debug)]
pub struct MemorySetupLeases {
    held: Mutex<HashMap<SetupId, (NodeId, Timestamp)>>,
    clock: Arc<dyn Clock>,
}

impl MemorySetupLeases {
    /// Leases that end by this clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { held: Mutex::default(), clock }
    }

    /// Everything, without what has ended.
    fn held(&self, now: Timestamp) -> MutexGuard<'_, HashMap<SetupId, (NodeId, Timestamp)>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, (_, until)| *until > now);
        held
    }
}

#[async_trait::async_trait]
impl SetupLeases for MemorySetupLeases {
    async fn hold(
        &self,
        node: NodeId,
        setups: &[SetupId],
        ttl: Duration,
    ) -> Result<Vec<SetupId>, StoreError> {
        let now = self.clock.now();
        let mut held = self.held(now);
        let free = |id: &&SetupId| held.get(id).is_none_or(|(holder, _)| *holder == node);
        let mine: Vec<_> = setups.iter().filter(free).copied().collect();
        held.extend(mine.iter().map(|id| (*id, (node, now.after(ttl)))));
        Ok(mine)
    }

    async fn seize(
        &self,
        node: NodeId,
        setups: &[SetupId],
        ttl: Duration,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.held(now).extend(setups.iter().map(|id| (*id, (node, now.after(ttl)))));
        Ok(())
    }

    async fn give_back(&self, node: NodeId, setups: &[SetupId]) -> Result<(), StoreError> {
        let mut held = self.held(self.clock.now());
        held.retain(|id, (holder, _)| *holder != node || !setups.contains(id));
        Ok(())
    }
}
