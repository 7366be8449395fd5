//! Sending devices elsewhere.

use super::Hub;
use d1_core::DeviceId;
use std::time::Duration;
use tokio::sync::watch;

impl Hub {
    /// Closes every link, one after the other, evenly over `within`, and waits until all are
    /// gone. Their devices dial again; nothing keeps them from coming back here, so whoever
    /// calls this admits nobody any more.
    pub async fn send_away(&self, within: Duration) {
        let mut departures = self.departures();
        let devices = self.devices();
        let pause = within / u32::try_from(devices.len().max(1)).unwrap_or(u32::MAX);
        for (place, device) in devices.iter().enumerate() {
            if place > 0 {
                tokio::time::sleep(pause).await;
            }
            self.close(device.hello.device, device.link);
        }
        loop {
            // One that was greeted while the others were sent away goes with them.
            let left = self.devices();
            if left.is_empty() {
                return;
            }
            left.iter().for_each(|device| self.close(device.hello.device, device.link));
            if departures.changed().await.is_err() {
                return;
            }
        }
    }

    /// Changes whenever a link is lost.
    pub(crate) fn departures(&self) -> watch::Receiver<u64> {
        self.0.departures.subscribe()
    }

    /// The link of every device that is connected, by the number that tells it from others.
    pub(crate) fn links(&self) -> std::collections::HashMap<DeviceId, u64> {
        self.state().seats.iter().map(|(device, seat)| (*device, seat.number)).collect()
    }

    /// Closes the link of a device that may not have one any more, if it has one here. Nothing
    /// keeps it from dialling again: whoever calls this admits it no more.
    pub fn shut_out(&self, device: DeviceId) {
        if let Some(seat) = self.state().seats.get(&device) {
            seat.left.cancel();
        }
    }

    /// The protocol that is spoken with a device; none when it is not connected here.
    #[must_use]
    pub fn protocol(&self, device: DeviceId) -> Option<u32> {
        self.state().seats.get(&device).map(|seat| seat.protocol)
    }

    fn close(&self, device: DeviceId, link: u64) {
        let state = self.state();
        if let Some(seat) = state.seats.get(&device).filter(|seat| seat.number == link) {
            seat.left.cancel();
        }
    }
}
