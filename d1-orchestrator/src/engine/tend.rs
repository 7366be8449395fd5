//! Many processes on one store: whoever has the link of a device drives its setups.
//!
//! A setup is approved, stopped or resumed wherever a person's request arrives, and its device
//! may be linked elsewhere; a process may die with setups in its hands. So every process looks,
//! now and again, for setups of the devices that are linked to it and takes those that somebody
//! else holds. The store stays the truth: no message between processes can be lost for good.

use super::{core::Engine, error::EngineError, orders::Wish};
use std::time::Duration;

/// How often a process looks for what it has to take up.
const SWEEP_EVERY: Duration = Duration::from_secs(5);

impl Engine {
    /// Drives the setups of every device that is linked to this process, whoever held them
    /// before, from now on until everything stops.
    ///
    /// For processes that share a store. One that has a store to itself calls
    /// [`Engine::recover`] once instead; and where several processes have links to one device
    /// at the same time, as on a person's own machine, none may call this.
    pub fn tend(&self) {
        let engine = self.clone();
        self.0.parts.supervisor.run("setup sweep", async move { engine.keep_sweeping().await });
    }

    /// Looks once; tells how many setups are driven here.
    pub async fn sweep(&self) -> Result<usize, EngineError> {
        let mut driven = 0;
        for setup in self.0.parts.store.unfinished().await? {
            if !self.hub().is_connected(setup.device) {
                continue;
            }
            match self.tell(setup.id, Wish::Tend { version: setup.version }).await {
                Ok(_) => driven += 1,
                // Somebody else was there first, or this process believed that it still had
                // what it has not: the next look settles it.
                Err(error) => tracing::debug!(setup = %setup.id, %error, "not taken up yet"),
            }
        }
        Ok(driven)
    }

    async fn keep_sweeping(&self) {
        let stopping = self.0.parts.supervisor.stopping();
        loop {
            if let Err(error) = self.sweep().await {
                tracing::warn!(%error, "cannot look for setups to take up");
            }
            tokio::select! {
                biased;
                () = stopping.cancelled() => return,
                // A device that has just come may bring what another process drove.
                () = self.0.arrived.notified() => {}
                () = tokio::time::sleep(SWEEP_EVERY) => {}
            }
        }
    }
}
