//! Work that waits for a device that is away: how much of it, how long, and by whose word it ends.
//!
//! 1. A yes to what is for a device that is away is a yes to wait, up to [`MAX_WAITING`] steps for
//!    one device; whoever comes after that is refused.
//! 2. What was not sent ends when it has waited as long as was agreed on ([`Setup::waits_until`]),
//!    and its credits are free. A device that comes just then, or a server that has just
//!    started, gets [`ARRIVES_WITHIN`] more.
//! 3. Its owner can end all of it before ([`Engine::end_waiting`]).
//!
//! What the device may have heard of is not touched by any of this: only its own word ends it.

use super::{core::Engine, drive::Driver, error::EngineError};
use crate::audit::expired;
use d1_core::{
    AccountId, Category, DeviceId, Hello, Problem, Setup, SetupEvent, SetupState, StopMode,
    Timestamp,
};
use std::time::Duration;
use tokio::{sync::MutexGuard, time::Instant};

/// The most steps that wait for one device.
const MAX_WAITING: usize = 1_000;
/// How long a device may take to come after it is known to be away.
const ARRIVES_WITHIN: Duration = Hello::LEASE;

impl Engine {
    /// Ends one of these setups: nothing more of it is sent, and one of which nothing had been
    /// sent is over. False when it had come to its end by itself.
    pub async fn end_waiting(&self, setup: &Setup) -> Result<bool, EngineError> {
        match self.stop(setup.id, StopMode::AfterStep).await {
            Ok(_) => Ok(true),
            Err(EngineError::State { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What waits for a device that is away, of this account, oldest first.
    pub async fn waiting(
        &self,
        account: AccountId,
        device: DeviceId,
    ) -> Result<Vec<Setup>, EngineError> {
        let mut setups = self.0.parts.store.unfinished_on(device).await?;
        setups.retain(|setup| setup.account == account && setup.waits_until.is_some());
        Ok(setups)
    }
}

/// Whether what a setup has not sent has waited for too long by now.
pub(super) fn waits_in_vain(setup: &Setup, now: Timestamp) -> bool {
    setup.waits_until.is_some_and(|until| until <= now)
}

impl Driver {
    /// Room for what this setup would let wait, when its device is away. It is kept until the
    /// guard is dropped: of two who come at the same time for the last place, one is refused.
    pub(super) async fn room<'a>(
        engine: &'a Engine,
        setup: &Setup,
    ) -> Result<Option<MutexGuard<'a, ()>>, EngineError> {
        if engine.hub().is_connected(setup.device) {
            return Ok(None);
        }
        let guard = engine.0.waiting_room.lock().await;
        let setups = engine.0.parts.store.unfinished_on(setup.device).await?;
        let waiting: usize = setups.iter().map(Setup::open_steps).sum();
        if waiting + setup.tasks.len() > MAX_WAITING {
            return Err(full(setup.device, waiting).into());
        }
        Ok(Some(guard))
    }

    /// When what was not sent has waited for too long; never while the device is there.
    pub(super) fn expiry(&self) -> Option<Instant> {
        let (until, away) = (self.setup.waits_until?, self.away_since?);
        if self.setup.state != SetupState::Running {
            return None;
        }
        let now = self.engine.0.parts.clock.now();
        let left = Duration::from_millis(until.0.saturating_sub(now.0));
        Some((Instant::now() + left).max(away + ARRIVES_WITHIN))
    }

    /// Ends what was not sent, once it is in the audit log.
    pub(super) async fn expire(&mut self) -> Result<(), EngineError> {
        if !waits_in_vain(&self.setup, self.engine.0.parts.clock.now()) {
            return Ok(());
        }
        self.insist_on_note(expired(&self.setup)).await?;
        self.insist(SetupEvent::Expire).await
    }
}

fn full(device: DeviceId, waiting: usize) -> Problem {
    let title = format!("{waiting} steps wait for device {} already", device.short());
    Problem::new("D1-DEVICE-013", Category::Task, title)
        .because(format!("it is away, and no more than {MAX_WAITING} steps wait for one device"))
        .leaving("nothing was changed, and nothing is held")
        .next("say yes when the device is there, or purge what waits for it")
}
