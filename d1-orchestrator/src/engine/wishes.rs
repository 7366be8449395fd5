//! What people and the engine wish of a setup.

use super::{
    core::setup_problem, drive::Driver, error::EngineError, moves::Hold, orders::Wish, told::Told,
};
use d1_core::{
    ProbeAnswer, Problem, SetupEvent, SetupId, SetupOutcome, SetupState, StopMode, StoreError, Task,
};

/// How often the news that a setup was taken back is saved again after somebody else saved
/// that setup first.
const SAVE_TRIES: usize = 8;

impl Driver {
    pub(super) async fn grant(&mut self, wish: Wish) -> Result<(), EngineError> {
        match wish {
            Wish::Approve => self.approve().await,
            Wish::Decline => self.happen(SetupEvent::Decline).await,
            Wish::Take => self.take().await,
            Wish::Stop(mode) => self.stop(mode).await,
            Wish::WriteOff => self.write_off().await,
            Wish::Resume { force } => self.resume(force).await,
            Wish::Tidy => {
                self.check_hold().await?;
                self.tidy().await;
                Ok(())
            }
            Wish::LetGo => self.check_hold().await,
            Wish::Tend { version } => self.tend(version).await,
            Wish::UndoneBy(undo) => self.undone_by(undo).await,
        }
    }

    /// Credits first: what cannot be paid is not begun.
    async fn approve(&mut self) -> Result<(), EngineError> {
        match self.setup.state {
            // Said twice, done once.
            SetupState::Running => Ok(()),
            SetupState::AwaitingApproval => {
                let engine = self.engine.clone();
                let _kept_until_it_is_saved = Self::room(&engine, &self.setup).await?;
                self.pay_for_first_run().await?;
                self.take_hold(Some(SetupEvent::Approve)).await
            }
            SetupState::Stopping(_) | SetupState::Finished(_) => {
                self.happen(SetupEvent::Approve).await
            }
        }
    }

    async fn take(&mut self) -> Result<(), EngineError> {
        if self.setup.state.is_under_way() && !self.held {
            return self.take_hold(None).await;
        }
        match self.setup.state {
            // Somebody said yes, and whoever heard it died before it was done.
            SetupState::AwaitingApproval if self.setup.hold.is_some() => self.approve().await,
            SetupState::Finished(_) if self.setup.hold == Some(self.next_hold()) => {
                self.go_on().await
            }
            SetupState::AwaitingApproval
            | SetupState::Running
            | SetupState::Stopping(_)
            | SetupState::Finished(_) => {
                self.tidy().await;
                Ok(())
            }
        }
    }

    /// Takes it when nobody here holds it. What was saved elsewhere since this driver read it is
    /// let go of: the next one reads what there is now.
    async fn tend(&mut self, version: u64) -> Result<(), EngineError> {
        if self.setup.version < version {
            return Err(StoreError::Stale(self.setup.id).into());
        }
        self.take().await
    }

    async fn tidy(&mut self) {
        if self.setup.is_over() {
            self.wind_up().await;
        }
    }

    async fn stop(&mut self, mode: StopMode) -> Result<(), EngineError> {
        let event = SetupEvent::Stop(mode);
        if self.setup.state.is_under_way() && !self.held {
            self.take_hold(Some(event)).await
        } else {
            self.happen(event).await
        }
    }

    async fn resume(&mut self, force: bool) -> Result<(), EngineError> {
        match self.setup.state {
            SetupState::Running => return self.take().await,
            SetupState::Finished(SetupOutcome::Failed | SetupOutcome::Cancelled) => {}
            SetupState::AwaitingApproval | SetupState::Stopping(_) | SetupState::Finished(_) => {
                return self.happen(SetupEvent::Resume).await;
            }
        }
        if let Some(problem) = self.reason_not_to_resume(force) {
            return Err(problem.into());
        }
        // The run before this one is paid from its own hold.
        self.settle().await?;
        self.go_on().await
    }

    /// Begins the next run.
    async fn go_on(&mut self) -> Result<(), EngineError> {
        let engine = self.engine.clone();
        let _kept_until_it_is_saved = Self::room(&engine, &self.setup).await?;
        self.pay_for_next_run().await?;
        self.take_hold(Some(SetupEvent::Resume)).await?;
        self.chores = None;
        Ok(())
    }

    fn reason_not_to_resume(&self, force: bool) -> Option<Problem> {
        let id = self.setup.id;
        if let Some(undo) = self.setup.undone_by {
            let title = format!("setup {} was taken back and cannot go on", id.short());
            let problem = setup_problem("D1-SETUP-009", id, title)
                .because(format!("by setup {}", undo.short()));
            return Some(problem.next("install it again"));
        }
        let (task, why) = self.setup.tasks.iter().filter(|_| !force).find_map(in_doubt)?;
        let step = self.setup.plan.step(&task.step).map_or("", |step| step.title.as_str());
        let title = format!("nobody can tell what became of “{step}”");
        let problem = setup_problem("D1-SETUP-008", id, title)
            .because(format!("it was cut off, and looking at the machine did not tell: {why}"))
            .next("look at the machine yourself; when it is fine to begin this step again:");
        Some(problem.next(format!("d1-doctor resume --force {}", id.short())))
    }

    /// Takes hold of the setup under a new epoch, saved before anything is sent, and
    /// listens to its device from then on.
    pub(super) async fn take_hold(&mut self, event: Option<SetupEvent>) -> Result<(), EngineError> {
        self.told = Told::read(&*self.engine.0.parts.store, self.setup.id).await?;
        self.linked = false;
        self.away_since = None;
        self.step(Hold::Take, event).await?;
        if self.setup.state.is_under_way() {
            self.held = true;
            self.quiet_since.clear();
            let tasks = self.setup.tasks.iter().map(|task| task.id).collect();
            self.watching = Some(self.engine.hub().watch(self.setup.device, tasks));
        }
        Ok(())
    }

    /// Notes that it was taken back. Whoever saves it at the same moment is waited for.
    async fn undone_by(&mut self, undo: SetupId) -> Result<(), EngineError> {
        let parts = &self.engine.0.parts;
        let mut stale = StoreError::Stale(self.setup.id);
        for _ in 0..SAVE_TRIES {
            if self.setup.undone_by.is_some() {
                return Ok(());
            }
            let mut next = self.setup.clone();
            next.undone_by = Some(undo);
            match parts.store.save(&mut next, &[], parts.clock.now()).await {
                Ok(()) => {
                    self.setup = next;
                    return Ok(());
                }
                Err(error @ StoreError::Stale(_)) => stale = error,
                Err(error) => return Err(error.into()),
            }
            self.setup = parts.store.get(self.setup.id).await?;
        }
        Err(stale.into())
    }
}

/// A task that was cut off, and the reason why nobody can tell what became of it.
fn in_doubt(task: &Task) -> Option<(&Task, &str)> {
    let result = task.result().filter(|result| !result.outcome.is_success())?;
    match result.probe.as_ref()? {
        ProbeAnswer::Unknown(why) => Some((task, why)),
        ProbeAnswer::Done | ProbeAnswer::NotDone => None,
    }
}
