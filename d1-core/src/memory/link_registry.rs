//! A [`LinkRegistry`] of one process.

use crate::{Clock, DeviceId, Holder, LinkRegistry, Node, NodeId, RegistryError, Timestamp};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A [`LinkRegistry`] of one process: for tests of many servers, and for servers embedded in
/// one.
#[derive(Debug)]
pub struct MemoryLinkRegistry {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Default)]
struct State {
    links: HashMap<DeviceId, (Holder, Timestamp)>,
    nodes: BTreeMap<NodeId, (Node, Timestamp)>,
}

impl MemoryLinkRegistry {
    /// An empty registry whose leases end by this clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { state: Mutex::default(), clock }
    }

    /// Everything, without what has ended.
    fn state(&self, now: Timestamp) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.links.retain(|_, (_, until)| *until > now);
        state.nodes.retain(|_, (_, until)| *until > now);
        state
    }
}

#[async_trait::async_trait]
impl LinkRegistry for MemoryLinkRegistry {
    async fn claim(
        &self,
        device: DeviceId,
        node: &Node,
        least: u64,
        ttl: Duration,
    ) -> Result<u64, RegistryError> {
        let now = self.clock.now();
        let mut state = self.state(now);
        let next = state.links.get(&device).map_or(0, |(holder, _)| holder.fence + 1);
        let fence = next.max(least);
        let holder = Holder { node: node.clone(), fence };
        state.links.insert(device, (holder, now.after(ttl)));
        Ok(fence)
    }

    async fn renew(
        &self,
        node: &Node,
        claims: &[(DeviceId, u64)],
        ttl: Duration,
    ) -> Result<Vec<DeviceId>, RegistryError> {
        let now = self.clock.now();
        let mut state = self.state(now);
        state.nodes.insert(node.id, (node.clone(), now.after(ttl)));
        let mut lost = Vec::new();
        for &(device, fence) in claims {
            if state.links.get(&device).is_some_and(|(holder, _)| holder.fence > fence) {
                lost.push(device);
            } else {
                let holder = Holder { node: node.clone(), fence };
                state.links.insert(device, (holder, now.after(ttl)));
            }
        }
        Ok(lost)
    }

    async fn release(&self, device: DeviceId, fence: u64) -> Result<(), RegistryError> {
        let mut state = self.state(self.clock.now());
        if state.links.get(&device).is_some_and(|(holder, _)| holder.fence == fence) {
            state.links.remove(&device);
        }
        Ok(())
    }

    async fn find(&self, device: DeviceId) -> Result<Option<Holder>, RegistryError> {
        let state = self.state(self.clock.now());
        Ok(state.links.get(&device).map(|(holder, _)| holder.clone()))
    }

    async fn nodes(&self) -> Result<Vec<Node>, RegistryError> {
        let state = self.state(self.clock.now());
        Ok(state.nodes.values().map(|(node, _)| node.clone()).collect())
    }

    async fn leave(&self, node: NodeId) -> Result<(), RegistryError> {
        self.state(self.clock.now()).nodes.remove(&node);
        Ok(())
    }
}
