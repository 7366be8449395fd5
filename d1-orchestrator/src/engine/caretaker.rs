//! Tidies up behind setups that are over.
//!
//! A device is told to forget a setup only after it was settled. So whatever a device still
//! remembers when it connects may have ended just before its orchestrator died: if it is
//! over, it is settled again, which changes nothing when it was before, and then forgotten.

use super::{core::Engine, error::EngineError, orders::Wish};
use d1_core::{DeviceId, SetupId, StoreError};
use std::collections::{HashMap, HashSet};

impl Engine {
    /// Looks after every device that connects, until everything stops.
    pub(super) async fn take_care(self) {
        let stopping = self.0.parts.supervisor.stopping();
        let mut arrivals = self.hub().arrivals();
        let mut cared: HashMap<DeviceId, u64> = HashMap::new();
        arrivals.mark_changed();
        loop {
            tokio::select! {
                biased;
                () = stopping.cancelled() => return,
                changed = arrivals.changed() => if changed.is_err() { return },
            }
            self.0.arrived.notify_one();
            let devices = self.hub().devices();
            // Of a whole fleet that comes back, each is looked at often.
            let here: HashSet<_> = devices.iter().map(|here| here.hello.device).collect();
            cared.retain(|device, _| here.contains(device));
            for here in devices {
                if cared.insert(here.hello.device, here.link) == Some(here.link) {
                    continue;
                }
                for (setup, _) in &here.hello.epochs {
                    self.tidy(*setup).await;
                }
            }
        }
    }

    pub(super) async fn tidy(&self, setup: SetupId) {
        let mut tried = self.tell(setup, Wish::Tidy).await;
        if tried.as_ref().is_err_and(EngineError::is_stale) {
            // Whoever drove it here did not know that it had ended elsewhere, and has let go.
            tried = self.tell(setup, Wish::Tidy).await;
        }
        match tried {
            // Another orchestrator's setup is none of our business.
            Ok(_) | Err(EngineError::Store(StoreError::NotFound(_))) => {}
            Err(error) => tracing::warn!(%setup, %error, "cannot be tidied up"),
        }
    }
}
