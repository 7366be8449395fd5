//! Devices that are given up, and come back all the same.
//!
//! 1. Somebody says that a device does not come back: what it may have begun is written off as
//!    lost ([`Setup`](d1_core::Setup) decides). A device that is linked is never given up.
//! 2. When it comes, what it still remembers tells that there is something to hear. It is asked,
//!    and begins nothing; the driver listens until it has told of everything, or is gone again.
//! 3. Then it may forget.

use super::{core::Engine, core::setup_problem, drive::Driver, error::EngineError, orders::Wish};
use crate::Place;
use d1_core::{Setup, SetupEvent, SetupId};

impl Engine {
    /// Gives the device of a setup up: what it may have begun is lost and costs nothing, what was
    /// not sent is not begun, and the setup is over. Refused while the device is linked, to
    /// whichever server.
    ///
    /// Should the device come back, what it did is kept, and can be taken back.
    pub async fn write_off(&self, id: SetupId) -> Result<Setup, EngineError> {
        let setup = self.0.parts.store.get(id).await?;
        if self.hub().fleet().is_some() {
            let place = self.hub().locate(setup.device).await?;
            if !matches!(place, Place::Nowhere) {
                return Err(is_here(&setup));
            }
        }
        self.tell_latest(id, Wish::WriteOff).await
    }
}

impl Driver {
    pub(super) async fn write_off(&mut self) -> Result<(), EngineError> {
        if !self.setup.state.is_under_way() {
            return self.happen(SetupEvent::WriteOff).await;
        }
        if self.engine.hub().is_connected(self.setup.device) {
            return Err(is_here(&self.setup));
        }
        if self.held {
            return self.happen(SetupEvent::WriteOff).await;
        }
        self.take_hold(Some(SetupEvent::WriteOff)).await
    }

    /// Listens for what was written off, where the device is here to tell.
    pub(super) fn listen_for_lost(&mut self) {
        let (hub, device) = (self.engine.hub(), self.setup.device);
        let unheard: std::collections::BTreeSet<_> = self.setup.unheard().collect();
        if self.setup.is_over() && !unheard.is_empty() && hub.is_connected(device) {
            self.watching = Some(hub.watch(device, unheard));
        }
    }

    /// Whoever took it over may have given its device up, which is linked here: then it is heard
    /// here, too.
    pub(super) fn look_whether_it_is_over(&self) {
        let (engine, id) = (self.engine.clone(), self.setup.id);
        if engine.hub().is_connected(self.setup.device) {
            let supervisor = self.engine.0.parts.supervisor.clone();
            supervisor.run("setup that was let go", async move { engine.tidy(id).await });
        }
    }

    /// The device is gone again: what it did not tell it tells the next time.
    pub(super) fn stop_listening_for_lost(&mut self) {
        if self.setup.is_over() {
            self.watching = None;
        }
    }

    /// Lets the device forget what it has told of, once that is everything.
    pub(super) async fn end_when_all_is_heard(&mut self) {
        let listens = self.setup.is_over() && self.watching.is_some();
        if listens && self.setup.unheard().next().is_none() {
            self.wind_up().await;
        }
    }
}

fn is_here(setup: &Setup) -> EngineError {
    let title = format!("device {} is linked, and is not given up", setup.device.short());
    setup_problem("D1-SETUP-019", setup.id, title)
        .because("it tells itself how its steps end")
        .next("to end them, cancel the setup without `write_off`")
        .into()
}
