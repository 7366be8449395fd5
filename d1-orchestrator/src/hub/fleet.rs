//! The hub among those of other servers: where a device is, and whose its link is.

use super::{Hub, HubError, question::terms};
use crate::{Fleet, PeerError, Place};
use d1_core::{DeviceId, FromDevice, ToDevice};
use std::collections::BTreeMap;

impl Hub {
    /// Makes this server one of many: what it is asked about devices that are linked to others
    /// is answered by them from now on. Once; a second time changes nothing.
    pub fn join(&self, fleet: Fleet) {
        if self.0.fleet.set(fleet.clone()).is_ok() {
            self.0.supervisor.run("link keeper", fleet.keep(self.clone()));
        }
    }

    /// The servers of which this is one.
    #[must_use]
    pub fn fleet(&self) -> Option<&Fleet> {
        self.0.fleet.get()
    }

    /// Where the link of a device is.
    pub async fn locate(&self, device: DeviceId) -> Result<Place, HubError> {
        if self.is_connected(device) {
            return Ok(Place::Here);
        }
        match self.fleet() {
            Some(fleet) => fleet.find(device).await,
            None => Ok(Place::Nowhere),
        }
    }

    /// Puts the question of another server to a device that is linked here.
    pub async fn answer_peer(
        &self,
        device: DeviceId,
        question: ToDevice,
    ) -> Result<FromDevice, PeerError> {
        if !self.is_connected(device) {
            return Err(PeerError::NotHere);
        }
        let asked = match terms(&question) {
            Some(terms) => self.question_here(device, question, terms).await,
            None => Err(HubError::Nonsense(device)),
        };
        asked.map_err(|error| match error {
            HubError::Offline(_) => PeerError::NotHere,
            HubError::Silent(_)
            | HubError::Busy(_)
            | HubError::Nonsense(_)
            | HubError::NoHello
            | HubError::Unsigned(..)
            | HubError::Refused(_)
            | HubError::UpgradeRequired(_)
            | HubError::Unlocated(_)
            | HubError::Unreachable(_) => PeerError::Refused(Box::new(error.problem())),
        })
    }

    /// Claims the link that has just taken this seat.
    pub(super) async fn claim(&self, device: DeviceId, number: u64) {
        let Some(fleet) = self.fleet() else { return };
        let fence = fleet.claim(device, self.0.clock.now()).await;
        let mut state = self.state();
        let seat = state.seats.get_mut(&device).filter(|seat| seat.number == number);
        // One that is gone by now, or has a newer one in its place, is given back by the keeper.
        match seat {
            Some(seat) => seat.fence = fence,
            None => self.0.departures.send_modify(|count| *count += 1),
        }
    }

    /// Every link that was claimed, and its fence.
    pub(crate) fn claims(&self) -> BTreeMap<DeviceId, u64> {
        let state = self.state();
        let claimed = state.seats.iter().filter(|(_, seat)| seat.fence > 0);
        claimed.map(|(device, seat)| (*device, seat.fence)).collect()
    }

    /// Whether the link that a device has here is its newest, as far as anybody can tell.
    pub(crate) async fn has_newest_link(&self, device: DeviceId) -> bool {
        match self.fleet() {
            Some(fleet) => fleet.has_newest(device).await,
            None => true,
        }
    }

    /// Claims the link of a device that is still here with a higher fence.
    pub(crate) async fn claim_again(&self, device: DeviceId, fleet: &Fleet) {
        let number = self.state().seats.get(&device).map(|seat| seat.number);
        let Some(number) = number else { return };
        let fence = fleet.claim(device, self.0.clock.now()).await;
        let mut state = self.state();
        if let Some(seat) = state.seats.get_mut(&device).filter(|seat| seat.number == number) {
            seat.fence = fence;
        }
    }

    /// Drops the link of a device, if its claim is lower than this.
    pub(crate) fn drop_link(&self, device: DeviceId, fence: u64) {
        let state = self.state();
        let seat = state.seats.get(&device).filter(|seat| seat.fence < fence);
        if let Some(seat) = seat {
            seat.left.cancel();
        }
    }
}
