//! What is left to do once a setup is over.
//!
//! 1. What is owed is charged, and the rest of the hold is free again.
//! 2. If it was an undo and succeeded, the original learns that it was taken back.
//! 3. The device may forget its tasks, but for those that were written off and of which it has
//!    not told yet.
//!
//! Each part may be repeated. When one cannot be done now, it is tried again, later and
//! later, until it works: money is never lost. The device forgets last, so what it still
//! remembers when it connects again is what may be left to do after a crash.

use super::{drive::Driver, error::EngineError, orders::Wish};
use d1_core::{
    HoldId, LedgerError, SetupId, SetupOutcome, SetupState, StoreError, Task, TaskId, ToDevice,
};
use std::time::Duration;
use tokio::time::Instant;

/// How soon what could not be wound up is tried again.
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// How long between two tries at most.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What is left to do, and when it is tried again.
#[derive(Debug)]
pub(super) struct Chores {
    pub(super) due: Instant,
    wait: Duration,
}

/// The wait after this one.
pub(super) fn longer(wait: Duration) -> Duration {
    (wait * 2).min(LONGEST_WAIT)
}

/// The first wait.
pub(super) const fn first_wait() -> Duration {
    FIRST_WAIT
}

impl Driver {
    /// Does what is left to do, or notes when to try again.
    pub(super) async fn wind_up(&mut self) {
        // Nothing more is to be heard, and the link must not wait for the ledger.
        self.watching = None;
        self.linked = false;
        match self.try_wind_up().await {
            Ok(()) => {
                self.chores = None;
                self.listen_for_lost();
            }
            Err(error) => {
                let wait = self.chores.as_ref().map_or(FIRST_WAIT, |chores| longer(chores.wait));
                tracing::warn!(setup = %self.setup.id, %error, ?wait, "not settled yet");
                self.chores = Some(Chores { due: Instant::now() + wait, wait });
            }
        }
    }

    async fn try_wind_up(&mut self) -> Result<(), EngineError> {
        match self.settle().await {
            Err(error) if !error.is_passing() => {
                // Trying again would not help; the books and the setup stay as they are.
                tracing::error!(setup = %self.setup.id, %error, "the ledger does not agree");
            }
            other => other?,
        }
        if !self.note_settled().await? {
            return Ok(());
        }
        if let Some(original) = self.taken_back() {
            self.tell_original(original).await?;
        }
        let heard = self.setup.tasks.iter().filter(|task| !self.setup.is_unheard(task.id));
        for (task, attempt) in heard.filter_map(last_kept) {
            self.say(ToDevice::Forget { task, attempt }).await;
        }
        Ok(())
    }

    /// Charges what is owed, once, however often it is called.
    pub(super) async fn settle(&self) -> Result<(), EngineError> {
        if self.setup.quote.most().is_zero() {
            return Ok(());
        }
        let (hold, due): (HoldId, _) = (self.setup.hold(), self.setup.due());
        match self.engine.0.parts.ledger.settle(hold, due).await {
            // It ended before anything was held.
            Err(LedgerError::NoHold(_)) if due.is_zero() => Ok(()),
            other => Ok(other?),
        }
    }

    /// Notes that nothing is set aside any more. False when somebody else has let the setup go
    /// on meanwhile, and it is theirs.
    async fn note_settled(&mut self) -> Result<bool, EngineError> {
        if self.setup.hold != Some(self.setup.hold()) {
            return Ok(true);
        }
        let parts = &self.engine.0.parts;
        let mut next = self.setup.clone();
        next.hold = None;
        match parts.store.save(&mut next, &[], parts.clock.now()).await {
            Ok(()) => self.setup = next,
            Err(error @ StoreError::Stale(_)) => {
                self.setup = parts.store.get(self.setup.id).await?;
                if self.setup.is_over() {
                    return Err(error.into());
                }
                // It is held by whoever let it go on, and no more here, where nobody listens.
                self.held = false;
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    /// The setup that this one has taken back.
    fn taken_back(&self) -> Option<SetupId> {
        match self.setup.state {
            SetupState::Finished(SetupOutcome::Succeeded | SetupOutcome::NoChange) => {
                self.setup.undo_of
            }
            SetupState::AwaitingApproval
            | SetupState::Running
            | SetupState::Stopping(_)
            | SetupState::Finished(
                SetupOutcome::Failed | SetupOutcome::Cancelled | SetupOutcome::Declined,
            ) => None,
        }
    }

    async fn tell_original(&self, original: SetupId) -> Result<(), EngineError> {
        self.engine.tell(original, Wish::UndoneBy(self.setup.id)).await.map(drop)
    }
}

/// The last attempt at a task of which the result is kept. Nothing later may be forgotten: this
/// may reach the device when somebody else has let the setup go on, and one that was never
/// sent may be sent then.
fn last_kept(task: &Task) -> Option<(TaskId, u32)> {
    let attempt = match task.result() {
        Some(result) => result.attempt,
        None => task.attempt.saturating_sub(1),
    };
    (attempt > 0).then_some((task.id, attempt))
}
