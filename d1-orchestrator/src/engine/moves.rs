//! One move of a setup: decide, save, and only then carry out.

use super::{drive::Driver, error::EngineError, news};
use d1_core::{IllegalTransition, Setup, SetupEffect, SetupEvent, StopMode, TaskEvent, Timestamp};

/// Whether a move also takes hold of the setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// As it is.
    Keep,
    /// Under a new epoch: whoever held it before is fenced off.
    Take,
}

impl Driver {
    /// Lets `event` happen, saves it, and carries out what follows from it.
    ///
    /// On error nothing has happened, here or in the store.
    pub(super) async fn happen(&mut self, event: SetupEvent) -> Result<(), EngineError> {
        self.step(Hold::Keep, Some(event)).await
    }

    /// The same, and takes hold of the setup when asked to.
    pub(super) async fn step(
        &mut self,
        hold: Hold,
        event: Option<SetupEvent>,
    ) -> Result<(), EngineError> {
        let attempt = attempt_of(event.as_ref());
        let mut next = self.setup.clone();
        next.epoch += u64::from(hold == Hold::Take);
        let now = self.engine.0.parts.clock.now();
        let effects = match &event {
            Some(event) => decide(&mut next, event.clone(), now, self.linked),
            None => Ok(Vec::new()),
        };
        let setup = self.setup.id;
        let effects = effects.map_err(|error| EngineError::State { setup, error })?;
        if !is_same(&self.setup, &next) || self.has_link_news(event.as_ref()) {
            let news = news::between(&self.setup, event.as_ref(), &next, &self.told);
            self.engine.0.parts.store.save(&mut next, &news, now).await?;
            news.iter().for_each(|one| self.told.note(one));
            self.engine.0.bells.ring(setup);
        }
        self.setup = next;
        self.act(effects, attempt).await;
        Ok(())
    }

    /// Losing and finding the link is told, also when no task was out.
    fn has_link_news(&self, event: Option<&SetupEvent>) -> bool {
        let under_way = self.setup.state.is_under_way();
        match event {
            Some(SetupEvent::LinkLost) => under_way && !self.told.link_lost,
            Some(SetupEvent::LinkUp) => under_way && self.told.link_lost,
            Some(
                SetupEvent::Approve
                | SetupEvent::Decline
                | SetupEvent::Task(..)
                | SetupEvent::Stop(_)
                | SetupEvent::Resume
                | SetupEvent::Expire
                | SetupEvent::WriteOff,
            )
            | None => false,
        }
    }
}

/// Lets `event` happen. With a link, what is to be sent counts as sent when it is saved: a
/// crash before it really is sent is healed by sending it again.
fn decide(
    setup: &mut Setup,
    event: SetupEvent,
    at: Timestamp,
    linked: bool,
) -> Result<Vec<SetupEffect>, IllegalTransition> {
    let mut effects = setup.on(event, at)?;
    if !linked {
        // Gaining a link sends and stops again whatever has to be.
        effects.retain(|effect| match effect {
            SetupEffect::Dispatch(_) | SetupEffect::Cancel(..) => false,
            SetupEffect::ConfirmResult(_) | SetupEffect::Settle(_) => true,
        });
    }
    for effect in &effects {
        if let SetupEffect::Dispatch(task) = effect {
            setup.on(SetupEvent::Task(*task, TaskEvent::Dispatch), at)?;
        }
    }
    Ok(effects)
}

/// Whether nothing is different but the time.
fn is_same(before: &Setup, after: &Setup) -> bool {
    before.state == after.state
        && before.tasks == after.tasks
        && before.epoch == after.epoch
        && before.receipts.len() == after.receipts.len()
        && before.undone_by == after.undone_by
        && before.resumed == after.resumed
        && before.waits_until == after.waits_until
}

fn attempt_of(event: Option<&SetupEvent>) -> u32 {
    match event {
        Some(SetupEvent::Task(_, TaskEvent::Finish(result))) => result.attempt,
        Some(
            SetupEvent::Task(..)
            | SetupEvent::Approve
            | SetupEvent::Decline
            | SetupEvent::LinkLost
            | SetupEvent::LinkUp
            | SetupEvent::Stop(StopMode::AfterStep | StopMode::Now | StopMode::Kill)
            | SetupEvent::Resume
            | SetupEvent::Expire
            | SetupEvent::WriteOff,
        )
        | None => 0,
    }
}
