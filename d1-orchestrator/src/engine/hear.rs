//! What a device says, turned into moves of its setup.
//!
//! News may come twice, late, or of an attempt that is over; then it changes nothing.

use super::{
    drive::Driver,
    error::EngineError,
    settle::{first_wait, longer},
};
use crate::{DeviceNews, audit::reported};
use d1_core::{
    AuditEntry, FromDevice, SetupEvent, SetupState, StoreError, TaskEvent, TaskId, TaskResult,
    TaskState, ToDevice,
};
use std::time::Duration;
use tokio::time::Instant;

/// The most news that is taken in at once before other things have their turn.
const BURST: usize = 128;

impl Driver {
    /// Takes in news, and whatever else has come by now, so that output is kept in batches.
    pub(super) async fn hear(&mut self, news: DeviceNews) -> Result<(), EngineError> {
        self.take_in(news).await?;
        for _ in 0..BURST {
            let more = self.watching.as_mut().and_then(crate::Watching::try_next);
            let Some(news) = more else { break };
            self.take_in(news).await?;
        }
        self.keep_output().await
    }

    async fn take_in(&mut self, news: DeviceNews) -> Result<(), EngineError> {
        match news {
            DeviceNews::Up => {
                self.keep_output().await?;
                self.linked = true;
                self.away_since = None;
                self.insist(SetupEvent::LinkUp).await
            }
            DeviceNews::Down => {
                self.keep_output().await?;
                self.linked = false;
                self.away_since = Some(Instant::now());
                self.stop_listening_for_lost();
                self.insist(SetupEvent::LinkLost).await
            }
            DeviceNews::Said(message) => self.listen_to(*message).await,
        }
    }

    async fn listen_to(&mut self, message: FromDevice) -> Result<(), EngineError> {
        match message {
            FromDevice::Output(chunk) => self.collect(chunk).await,
            FromDevice::Received { task, attempt } => {
                self.task_news(task, attempt, TaskEvent::Receive).await
            }
            FromDevice::Started { task, attempt } => {
                self.task_news(task, attempt, TaskEvent::Start).await
            }
            FromDevice::Lease(tasks) => self.sign_of_life(&tasks).await,
            FromDevice::Finished(result) => self.finished(result).await,
            FromDevice::Confirm { task, what, here: true } => self.asked_here(task, &what).await,
            FromDevice::Confirm { task, here: false, .. } => {
                let yes = self.is_approved(task);
                self.say(ToDevice::Confirmed { task, yes }).await;
                Ok(())
            }
            // It may be that we are refused, because somebody else has taken hold.
            FromDevice::Error(_) => self.check_hold().await,
            FromDevice::Hello(_)
            | FromDevice::Facts { .. }
            | FromDevice::Previews { .. }
            | FromDevice::Refused { .. }
            | FromDevice::Waiting { .. }
            | FromDevice::Health(_)
            | FromDevice::Anchor(_) => Ok(()),
        }
    }

    /// Whether a person's yes to the plan covers beginning this task now.
    ///
    /// It covers every step that was shown, and each of them is part of the setup. It does
    /// not cover what is not on its way any more, nor anything once the setup is to stop.
    fn is_approved(&self, task: TaskId) -> bool {
        let on_its_way = self.setup.task(task).is_some_and(|task| task.state.is_out());
        self.setup.state == SetupState::Running && on_its_way
    }

    /// Whether nobody else has saved the setup meanwhile; lets go of it if somebody has.
    pub(super) async fn check_hold(&self) -> Result<(), EngineError> {
        let id = self.setup.id;
        match self.engine.0.parts.store.get(id).await {
            Ok(kept) if kept.version != self.setup.version => Err(StoreError::Stale(id).into()),
            // What cannot be read now is found out at the next save.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    async fn finished(&mut self, result: Box<TaskResult>) -> Result<(), EngineError> {
        self.keep_output().await?;
        let result = self.explained(result);
        if self.setup.task(result.task).is_some_and(|task| task.is_ended_by(&result)) {
            // Otherwise it is of an earlier attempt, and the one that is out may be sent again.
            self.quiet_since.remove(&result.task);
        }
        let is_out = self.setup.task(result.task).is_some_and(|task| task.state.is_out());
        if is_out || self.setup.is_unheard(result.task) {
            self.insist_on_note(reported(self.setup.device, &result)).await?;
        }
        self.insist(SetupEvent::Task(result.task, TaskEvent::Finish(result))).await?;
        self.end_when_all_is_heard().await;
        Ok(())
    }

    async fn sign_of_life(&mut self, running: &[TaskId]) -> Result<(), EngineError> {
        let ours: Vec<_> = self.setup.tasks.iter().map(|task| (task.id, task.attempt)).collect();
        for (task, attempt) in ours {
            if running.contains(&task) {
                self.task_news(task, attempt, TaskEvent::Start).await?;
            }
        }
        Ok(())
    }

    /// News of an attempt; of an earlier attempt it is too late.
    async fn task_news(
        &mut self,
        id: TaskId,
        attempt: u32,
        event: TaskEvent,
    ) -> Result<(), EngineError> {
        self.keep_output().await?;
        let Some(task) = self.setup.task(id) else { return Ok(()) };
        if task.attempt != attempt || !task.state.is_out() {
            return Ok(());
        }
        self.quiet_since.insert(id, Instant::now());
        self.insist(SetupEvent::Task(id, event)).await
    }

    /// A task that ran and gave no sign of life may still be at it.
    pub(super) async fn fall_silent(&mut self, id: TaskId) -> Result<(), EngineError> {
        if self.setup.task(id).is_some_and(|task| task.state == TaskState::Running) {
            self.insist(SetupEvent::Task(id, TaskEvent::Lose)).await?;
        }
        Ok(())
    }

    /// Writes into the audit log what has happened, before anything follows from it.
    pub(super) async fn insist_on_note(&self, entry: AuditEntry) -> Result<(), EngineError> {
        let mut wait = first_wait();
        loop {
            match self.engine.hub().note(entry.clone()).await.map_err(EngineError::from) {
                Err(error) if error.is_passing() => self.be_patient(error, &mut wait).await?,
                other => return other,
            }
        }
    }

    /// Waits until what did not work may work; an error when this process stops first.
    async fn be_patient(&self, error: EngineError, wait: &mut Duration) -> Result<(), EngineError> {
        tracing::warn!(setup = %self.setup.id, %error, ?wait, "not saved yet");
        let stopping = self.engine.0.parts.supervisor.stopping();
        tokio::select! {
            biased;
            () = stopping.cancelled() => Err(error),
            () = tokio::time::sleep(*wait) => {
                *wait = longer(*wait);
                Ok(())
            }
        }
    }

    /// Lets happen what has happened already on the device: when it cannot be saved now,
    /// it is saved later, and the device's link waits meanwhile.
    pub(super) async fn insist(&mut self, event: SetupEvent) -> Result<(), EngineError> {
        let mut wait = first_wait();
        loop {
            match self.happen(event.clone()).await {
                Err(error) if error.is_passing() => self.be_patient(error, &mut wait).await?,
                Err(error @ EngineError::State { .. }) => {
                    tracing::debug!(%error, "news without a place");
                    return Ok(());
                }
                other => return other,
            }
        }
    }
}
