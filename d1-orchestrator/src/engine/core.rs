//! The engine's handle, and what can be asked of it.

use super::{
    bell::Bells,
    draft::Draft,
    error::EngineError,
    orders::{Desks, Wish},
    sign::wants_signature,
};
use crate::{Hub, PersonWish};
use d1_core::{
    AccountId, Clock, CreditLedger, DeviceId, Intent, Page, Planner, Prices, Problem,
    ProgressEvent, Setup, SetupId, SetupStore, StopMode, StoreError, Supervisor,
};
use std::sync::Arc;
use tokio::sync::{Mutex, Notify};

/// What an engine is made of.
#[derive(Clone, Debug)]
pub struct EngineParts {
    /// Turns intents into plans.
    pub planner: Arc<dyn Planner>,
    /// Remembers setups.
    pub store: Arc<dyn SetupStore>,
    /// Keeps accounts.
    pub ledger: Arc<dyn CreditLedger>,
    /// Says what plans cost.
    pub prices: Arc<dyn Prices>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Knows the devices.
    pub hub: Hub,
    /// Owns the background work.
    pub supervisor: Supervisor,
}

/// Carries setups from a wish to their end, and back.
///
/// 1. [`Engine::draft`] plans and asks the device what would change; nothing is kept.
/// 2. [`Engine::create`] keeps the setup; it waits for a yes.
/// 3. [`Engine::approve`] holds the credits, takes hold of the setup under a new epoch,
///    and drives it: one driver per setup, the only writer of it in this process.
/// 4. Whatever happens is saved first and acted upon afterwards.
/// 5. When it is over, it is settled, and its device may forget its tasks.
///
/// When the process dies or stops, setups stay as they are; [`Engine::recover`] takes them
/// up again. Cloning gives another handle on the same engine.
#[derive(Clone, Debug)]
pub struct Engine(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) parts: EngineParts,
    pub(super) desks: Desks,
    pub(super) bells: Bells,
    /// A device has just been looked after that had taken its seat.
    pub(super) arrived: Notify,
    /// Held by whoever looks whether there is room for work to wait.
    pub(super) waiting_room: Mutex<()>,
}

impl Engine {
    /// An engine that drives nothing yet.
    ///
    /// It tidies up from the start: of whatever devices still remember, what is over is
    /// settled and may be forgotten.
    #[must_use]
    pub fn new(parts: EngineParts) -> Self {
        let supervisor = parts.supervisor.clone();
        let inner = Inner {
            parts,
            desks: Desks::default(),
            bells: Bells::default(),
            arrived: Notify::new(),
            waiting_room: Mutex::new(()),
        };
        let engine = Self(Arc::new(inner));
        supervisor.run("setup caretaker", engine.clone().take_care());
        engine
    }

    /// Keeps what was drafted as a setup that waits for a yes.
    ///
    /// With a `key` that this account has used before for the same plan on the same
    /// device, that earlier setup is given back.
    pub async fn create(
        &self,
        id: SetupId,
        account: AccountId,
        device: DeviceId,
        draft: Draft,
        key: Option<&str>,
    ) -> Result<Setup, EngineError> {
        if let Some(problem) = draft.blocked().cloned().or_else(|| draft.lacks_rights()) {
            return Err(problem.into());
        }
        if let Some(problem) = self.cannot_keep_to(device, &draft.terms) {
            return Err(problem.into());
        }
        draft.plan.validate().map_err(d1_core::PlanError::from)?;
        let undo_of = match &draft.plan.intent {
            Intent::Undo(original) => Some(self.get(account, *original).await?.id),
            Intent::Install(_) | Intent::Fix(_) => None,
        };
        let now = self.0.parts.clock.now();
        let mut setup = Setup::new(id, account, device, draft.plan, now);
        (setup.previews, setup.quote, setup.undo_of) = (draft.previews, draft.quote, undo_of);
        setup.terms = draft.terms;
        setup.asks = wants_signature(id, &setup.previews);
        self.promise(&mut setup).await?;
        let kept = self.0.parts.store.create(&setup, key, &[ProgressEvent::Planned]).await?;
        self.0.bells.ring(kept.id);
        Ok(kept)
    }

    /// A person says yes: the most it can cost is held, and it begins. Saying yes twice
    /// is fine. When there are not enough credits it still waits, and nothing is sent.
    pub async fn approve(&self, id: SetupId) -> Result<Setup, EngineError> {
        self.relay(id, PersonWish::Approve).await
    }

    /// A person says no.
    pub async fn decline(&self, id: SetupId) -> Result<Setup, EngineError> {
        self.relay(id, PersonWish::Decline).await
    }

    /// Takes hold of a setup that is under way, and drives it. Whoever drove it before,
    /// here or in another process, can no longer save it, and devices no longer listen to
    /// them. Of one that is over, the ending is tidied up again. Others stay as they are.
    pub async fn take(&self, id: SetupId) -> Result<Setup, EngineError> {
        self.tell(id, Wish::Take).await
    }

    /// Asks a setup to stop. One that this process does not drive is taken over for it.
    pub async fn stop(&self, id: SetupId, mode: StopMode) -> Result<Setup, EngineError> {
        self.relay(id, PersonWish::Stop(mode)).await
    }

    /// Lets a setup that failed or was stopped go on at what is not done.
    ///
    /// When a step was cut off and nobody can tell what became of it, it is begun again
    /// only with `force`.
    pub async fn resume(&self, id: SetupId, force: bool) -> Result<Setup, EngineError> {
        self.relay(id, PersonWish::Resume { force }).await
    }

    /// Takes hold of every setup that is under way; a process that starts calls it once.
    /// Tells how many there are. One that cannot be taken does not keep the others.
    pub async fn recover(&self) -> Result<usize, EngineError> {
        let mut taken = 0;
        for setup in self.0.parts.store.unfinished().await? {
            match self.take(setup.id).await {
                Ok(_) => taken += 1,
                Err(error) => tracing::warn!(setup = %setup.id, %error, "cannot be taken up"),
            }
        }
        Ok(taken)
    }

    /// Settles the newest setups of an account again: those that ended just before their
    /// process died may not have been. What was settled before stays as it is.
    pub async fn settle_again(&self, account: AccountId) -> Result<(), EngineError> {
        let newest = self.0.parts.store.list(account, Page::default()).await?;
        for setup in newest.iter().filter(|setup| setup.is_over()) {
            self.take(setup.id).await?;
        }
        Ok(())
    }

    /// The setup of this name, when it belongs to this account.
    pub async fn get(&self, account: AccountId, id: SetupId) -> Result<Setup, EngineError> {
        let setup = self.0.parts.store.get(id).await?;
        // Whether it exists is nobody else's business.
        if setup.account == account { Ok(setup) } else { Err(StoreError::NotFound(id).into()) }
    }

    /// The setups of this account, newest first.
    pub async fn list(&self, account: AccountId, page: Page) -> Result<Vec<Setup>, EngineError> {
        Ok(self.0.parts.store.list(account, page).await?)
    }

    /// Whether the store can be read.
    pub async fn check(&self) -> Result<(), EngineError> {
        match self.0.parts.store.get(SetupId::generate()).await {
            Ok(_) | Err(StoreError::NotFound(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The hub that knows this engine's devices.
    #[must_use]
    pub fn hub(&self) -> &Hub {
        &self.0.parts.hub
    }
}

/// The problem of a setup that has something wrong with it.
pub(super) fn setup_problem(code: &str, setup: SetupId, title: String) -> Problem {
    Problem::new(code, d1_core::Category::Usage, title)
        .leaving("nothing was changed")
        .next(format!("d1-doctor status {}", setup.short()))
}
