//! Keeps the registry of links and the hub of one server in step.
//!
//! 1. Every claim is renewed, every [`RENEW_EVERY`]; what the registry lost is put back so.
//! 2. A link that is another's by now is dropped: its device has gone there, and this end did
//!    not notice.
//! 3. What is gone is given back; when everything stops, all of it.

use super::{
    Fleet,
    core::{RENEW_EVERY, note},
};
use crate::Hub;
use d1_core::DeviceId;
use std::collections::BTreeMap;

impl Fleet {
    /// Keeps them in step until everything stops.
    pub(crate) async fn keep(self, hub: Hub) {
        let (stopping, mut departures) = (hub.0.supervisor.stopping(), hub.departures());
        let mut known: BTreeMap<DeviceId, u64> = BTreeMap::new();
        loop {
            self.step(&hub, &mut known).await;
            tokio::select! {
                biased;
                () = stopping.cancelled() => break,
                changed = departures.changed() => if changed.is_err() { break },
                () = tokio::time::sleep(RENEW_EVERY) => {}
            }
        }
        self.give_back(known.into_iter()).await;
        if let Err(error) = self.registry.leave(self.node.id).await {
            note(&error);
        }
    }

    async fn step(&self, hub: &Hub, known: &mut BTreeMap<DeviceId, u64>) {
        let now = hub.claims();
        let claims: Vec<_> = now.iter().map(|(device, fence)| (*device, *fence)).collect();
        let gone = known.iter().filter(|(device, fence)| now.get(device) != Some(fence));
        self.give_back(gone.map(|(device, fence)| (*device, *fence))).await;
        *known = now;
        match self.registry.renew(&self.node, &claims, super::core::TTL).await {
            Ok(lost) => {
                for device in lost {
                    self.yield_link(hub, device).await;
                }
            }
            Err(error) => note(&error),
        }
    }

    /// Somebody has a higher claim: another server, or an older link here that claimed late.
    async fn yield_link(&self, hub: &Hub, device: DeviceId) {
        match self.registry.find(device).await {
            Ok(Some(holder)) if holder.node.id != self.node.id => {
                tracing::info!(%device, "linked to another server; the link here is dropped");
                hub.drop_link(device, holder.fence);
            }
            Ok(_) => hub.claim_again(device, self).await,
            Err(error) => note(&error),
        }
    }

    async fn give_back(&self, claims: impl Iterator<Item = (DeviceId, u64)> + Send) {
        for (device, fence) in claims {
            if let Err(error) = self.registry.release(device, fence).await {
                // They end by themselves.
                return note(&error);
            }
        }
    }
}
