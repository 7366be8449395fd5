//! One server among many: what it knows of the others.

use super::{PeerError, Peers};
use crate::HubError;
use d1_core::{DeviceId, LinkRegistry, Node, RegistryError, Timestamp};
use std::{sync::Arc, time::Duration};

/// How long a claim counts without a word from its server.
pub(super) const TTL: Duration = Duration::from_secs(15);
/// How often claims are renewed.
pub(super) const RENEW_EVERY: Duration = Duration::from_secs(5);
/// How often in a row it is looked up where a device is that keeps moving.
pub(crate) const LOOKS: usize = 3;

/// Where the link of a device is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At this server.
    Here,
    /// At another one.
    At(Node),
    /// Nowhere.
    Nowhere,
}

/// One server among many. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// This server.
    pub node: Node,
    /// Who has which link.
    pub registry: Arc<dyn LinkRegistry>,
    /// How the others are asked.
    pub peers: Arc<dyn Peers>,
}

impl Fleet {
    /// Where a device is that is not linked here.
    pub(crate) async fn find(&self, device: DeviceId) -> Result<Place, HubError> {
        match self.registry.find(device).await {
            Ok(Some(holder)) if holder.node.id != self.node.id => Ok(Place::At(holder.node)),
            // A claim of ours whose link is gone is about to be released.
            Ok(_) => Ok(Place::Nowhere),
            Err(error) => {
                note(&error);
                Err(HubError::Unlocated(device))
            }
        }
    }

    /// Whether nobody else is known to have a newer link of a device that is linked here.
    pub(crate) async fn has_newest(&self, device: DeviceId) -> bool {
        let holder = self.registry.find(device).await.inspect_err(note).unwrap_or_default();
        holder.is_none_or(|holder| holder.node.id == self.node.id)
    }

    /// Claims a link. While the registry is gone the claim is made by the clock alone, and put
    /// there by the next renewal that arrives.
    pub(crate) async fn claim(&self, device: DeviceId, now: Timestamp) -> u64 {
        let least = now.0.saturating_mul(1_000);
        let claimed = self.registry.claim(device, &self.node, least, TTL).await;
        claimed.inspect_err(note).unwrap_or(least)
    }
}

/// What a failure of a peer means to whoever asked for a device; nothing when it has to be
/// looked up again.
pub(crate) fn told(device: DeviceId, error: PeerError) -> Option<HubError> {
    match error {
        PeerError::NotHere => None,
        PeerError::Refused(problem) => Some(HubError::Refused(problem)),
        PeerError::Unreachable(source) => {
            tracing::warn!(%device, %source, "the server that has a device does not answer");
            Some(HubError::Unreachable(device))
        }
    }
}

pub(super) fn note(error: &RegistryError) {
    tracing::warn!(%error, cause = %error.source, "the registry of links is in trouble");
}
