//! Heads of audit logs: a device tells its own, and is told ours.
//!
//! 1. A device tells the head of its log when there is news in it.
//! 2. It is written into our log, once, and for one link not more often than every
//!    [`KEPT_EVERY`]: nobody fills our log with theirs.
//! 3. The device is told the head of our log, in which its own is by now.

use super::Hub;
use crate::audit::anchored;
use d1_core::{DeviceId, SignedHead, Timestamp, ToDevice};
use std::time::Duration;

/// The least time between two heads of one device that are kept.
const KEPT_EVERY: Duration = Duration::from_secs(10);

impl Hub {
    /// Keeps a device's head, and tells it ours.
    pub(super) async fn exchange_heads(&self, device: DeviceId, head: &SignedHead) {
        let Some(audit) = &self.0.audit else { return };
        let now = self.0.clock.now();
        if !head.is_signed() || !self.is_to_be_kept(device, head, now) {
            return;
        }
        let kept = match audit.append(anchored(device, head), now).await {
            Ok(_) => audit.head(now).await,
            Err(error) => Err(error),
        };
        match kept {
            Ok(ours) => {
                let _gone = self.send(device, ToDevice::Anchor(Box::new(ours))).await;
            }
            Err(error) => tracing::error!(%device, %error, "a device's head is not kept"),
        }
    }

    fn is_to_be_kept(&self, device: DeviceId, head: &SignedHead, now: Timestamp) -> bool {
        let mut state = self.state();
        let Some(seat) = state.seats.get_mut(&device) else { return false };
        let hash = head.checkpoint.hash;
        let is_new =
            seat.anchor.is_none_or(|(kept, at)| kept != hash && now.since(at) >= KEPT_EVERY);
        if is_new {
            seat.anchor = Some((hash, now));
        }
        is_new
    }
}
