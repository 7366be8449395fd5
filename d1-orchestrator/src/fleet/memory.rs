//! [`Peers`] of one process: servers that are embedded together, and tests of many.

use super::{PeerError, Peers, PersonWish};
use crate::Engine;
use d1_core::{DeviceId, FromDevice, Node, NodeId, SetupId, ToDevice};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// [`Peers`] of one process. Cloning gives another handle on the same ones.
#[derive(Clone, Debug, Default)]
pub struct MemoryPeers(Arc<Mutex<HashMap<NodeId, Engine>>>);

impl MemoryPeers {
    /// Lets a server be asked.
    pub fn add(&self, node: NodeId, engine: Engine) {
        self.engines().insert(node, engine);
    }

    /// A server is gone, and does not answer any more.
    pub fn remove(&self, node: NodeId) {
        self.engines().remove(&node);
    }

    fn engines(&self) -> MutexGuard<'_, HashMap<NodeId, Engine>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn engine(&self, node: &Node) -> Result<Engine, PeerError> {
        let engine = self.engines().get(&node.id).cloned();
        engine.ok_or_else(|| PeerError::Unreachable("there is no such server".into()))
    }
}

#[async_trait::async_trait]
impl Peers for MemoryPeers {
    async fn ask(
        &self,
        node: &Node,
        device: DeviceId,
        question: ToDevice,
    ) -> Result<FromDevice, PeerError> {
        self.engine(node)?.hub().answer_peer(device, question).await
    }

    async fn wish(&self, node: &Node, setup: SetupId, wish: PersonWish) -> Result<(), PeerError> {
        self.engine(node)?.grant_peer(setup, wish).await
    }
}
