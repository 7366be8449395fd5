//! The [`LinkRegistry`] port: which of many servers has the link of which device.

use crate::{DeviceId, NodeId};
use std::{error::Error, fmt, time::Duration};

/// A server, and where the others reach it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// Which: another one each time that its process starts.
    pub id: NodeId,
    /// Where, as `http://host:port`, without blanks.
    pub address: String,
}

/// The server that has the link of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Which.
    pub node: Node,
    /// The number of its claim: of two that both believe to have the link, the higher is right.
    pub fence: u64,
}

/// The registry cannot be asked.
#[derive(Debug, thiserror::Error)]
#[error("the registry of links could not {doing}; see that where it is kept is there")]
pub struct RegistryError {
    /// What it was doing.
    pub doing: &'static str,
    /// What went wrong.
    pub source: Box<dyn Error + Send + Sync>,
}

/// Knows which server has the link of which device, and which servers there are.
///
/// Everything in it is a lease that its server renews: what a dead server claimed ends by
/// itself. It is a hint and no truth: what it forgets its servers put back, and whoever acts by
/// it is fenced by the epochs of setups, too.
#[async_trait::async_trait]
pub trait LinkRegistry: fmt::Debug + Send + Sync {
    /// A device has linked up at this node, and whoever had its link has it no more: all or
    /// nothing. Tells the claim's fence, which is higher than that of every claim that is known
    /// for the device, and at least `least`. Ends after `ttl` unless it is renewed.
    async fn claim(
        &self,
        device: DeviceId,
        node: &Node,
        least: u64,
        ttl: Duration,
    ) -> Result<u64, RegistryError>;

    /// Keeps the node and its claims (device and fence) for `ttl` from now, and puts back those
    /// that were forgotten. Tells the devices for which there is a higher claim: their links are
    /// another's, or newer ones of its own.
    async fn renew(
        &self,
        node: &Node,
        claims: &[(DeviceId, u64)],
        ttl: Duration,
    ) -> Result<Vec<DeviceId>, RegistryError>;

    /// The link of this claim is gone. A higher claim stays.
    async fn release(&self, device: DeviceId, fence: u64) -> Result<(), RegistryError>;

    /// Who has the link of a device.
    async fn find(&self, device: DeviceId) -> Result<Option<Holder>, RegistryError>;

    /// Every node that was renewed in time, by its name.
    async fn nodes(&self) -> Result<Vec<Node>, RegistryError>;

    /// A node goes. Its claims stay until they are released or end.
    async fn leave(&self, node: NodeId) -> Result<(), RegistryError>;
}
