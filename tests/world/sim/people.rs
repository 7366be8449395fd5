//! The people of a world: they install, change their minds, stop, resume, undo, give machines
//! up, and ask again when nobody answers.

use super::{
    chance::Chance,
    device::Device,
    fleet::THINGS,
    ground::Ground,
    node::{Node, Process},
};
use d1_core::{
    AccountId, DeviceId, Install, Intent, Setup, SetupId, SetupOutcome, SetupState, StopMode,
    StoreError,
};
use d1_orchestrator::{Draft, Engine, EngineError};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long a person waits for an answer before they ask again.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long they wait at most before they do.
const BREATH: Duration = Duration::from_secs(5);
/// How often they look whether a setup is over.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How often they let a setup go on that failed.
const RESUMES: usize = 2;

/// Somebody with an account.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) account: AccountId,
    ground: Arc<Ground>,
    nodes: Vec<Arc<Node>>,
    devices: Vec<Arc<Device>>,
    chance: Chance,
    /// What was promised to them: a setup for which a node said that it goes on.
    approved: Mutex<Vec<SetupId>>,
}

impl Person {
    pub(super) fn new(
        number: usize,
        ground: &Arc<Ground>,
        nodes: &[Arc<Node>],
        devices: &[Arc<Device>],
    ) -> Self {
        let chance = ground.chance.of(("person", number));
        Self {
            account: AccountId::from_bytes(chance.name()),
            ground: Arc::clone(ground),
            nodes: nodes.to_vec(),
            devices: devices.to_vec(),
            chance,
            approved: Mutex::default(),
        }
    }

    /// Every setup of which a node said that it was approved.
    pub(super) fn approved(&self) -> Vec<SetupId> {
        self.approved.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Does a few errands, one after the other.
    pub(super) async fn live(&self) {
        let errands = 1 + self.chance.below(3);
        let each = self.ground.weather.storm / (errands as u32 + 1);
        for _errand in 0..errands {
            tokio::time::sleep(self.chance.within(each)).await;
            // An errand that came to nothing is no reason not to try another one.
            let _refused = self.errand().await;
        }
    }

    async fn errand(&self) -> Result<(), EngineError> {
        let device = self.chance.pick(&self.devices).id;
        let things = (0..=self.chance.below(2)).map(|_| self.chance.pick(&THINGS).parse().unwrap());
        let install =
            Intent::Install(Install { things: things.collect(), from: None, hosts: Vec::new() });
        let draft = self.insist(device, async |engine: &Engine| {
            engine.draft(self.account, device, install.clone()).await
        });
        let Some(setup) = self.carry_out(draft.await?, device).await? else { return Ok(()) };
        if self.chance.happens(400) && setup.can_be_undone() {
            let draft = self.insist(device, async |engine: &Engine| {
                engine.draft_undo(self.account, setup.id).await
            });
            self.carry_out(draft.await?, device).await?;
        }
        Ok(())
    }

    /// Says yes to a draft, or no, or first yes and then stop; and waits for its end.
    async fn carry_out(
        &self,
        draft: Draft,
        device: DeviceId,
    ) -> Result<Option<Setup>, EngineError> {
        let id = SetupId::from_bytes(self.chance.name());
        let key = id.to_string();
        let create = self.insist(device, async |engine: &Engine| {
            engine.create(id, self.account, device, draft.clone(), Some(&key)).await
        });
        create.await?;
        match self.chance.below(20) {
            0 => return Ok(None),
            1 => {
                self.insist(device, async |engine: &Engine| engine.decline(id).await).await?;
                return Ok(None);
            }
            _ => {}
        }
        if self.chance.happens(50) {
            // Says yes once, hears nothing, and lets it be.
            if let Some(Process { engine, .. }) = self.somebody(device) {
                let _unheard = tokio::time::timeout(PATIENCE, engine.approve(id)).await;
            }
            return Ok(None);
        }
        self.insist(device, async |engine: &Engine| engine.approve(id).await).await?;
        self.approved.lock().unwrap_or_else(PoisonError::into_inner).push(id);
        if self.chance.happens(250) {
            self.stop(device, id).await;
        }
        if self.chance.happens(200) {
            self.give_up(device, id).await;
        }
        let mut setup = self.end_of(device, id).await?;
        for _resume in 0..RESUMES {
            let SetupState::Finished(SetupOutcome::Failed | SetupOutcome::Cancelled) = setup.state
            else {
                break;
            };
            if self.chance.happens(600) {
                self.insist(device, async |engine: &Engine| engine.resume(id, true).await).await?;
                setup = self.end_of(device, id).await?;
            }
        }
        Ok(Some(setup))
    }

    async fn stop(&self, device: DeviceId, id: SetupId) {
        tokio::time::sleep(self.chance.within(self.ground.weather.storm / 4)).await;
        let mode = *self.chance.pick(&[StopMode::AfterStep, StopMode::Now, StopMode::Kill]);
        // It may be over already.
        let _over = self.insist(device, async |engine: &Engine| engine.stop(id, mode).await).await;
    }

    /// Gives a machine up that is linked nowhere, as far as anybody can see.
    async fn give_up(&self, device: DeviceId, id: SetupId) {
        tokio::time::sleep(self.chance.within(self.ground.weather.storm / 2)).await;
        if self.nodes.iter().any(|node| node.has(device)) {
            return;
        }
        // It may be over already, or the machine be there again.
        let _late = self.insist(device, async |engine: &Engine| engine.write_off(id).await).await;
    }

    async fn end_of(&self, device: DeviceId, id: SetupId) -> Result<Setup, EngineError> {
        loop {
            let get =
                self.insist(device, async |engine: &Engine| engine.get(self.account, id).await);
            let setup = get.await?;
            if setup.is_over() {
                return Ok(setup);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Asks some node, again and again, until one answers for good.
    async fn insist<T>(
        &self,
        device: DeviceId,
        ask: impl AsyncFn(&Engine) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        loop {
            if let Some(Process { engine, .. }) = self.somebody(device) {
                match tokio::time::timeout(PATIENCE, ask(&engine)).await {
                    Ok(Ok(answer)) => return Ok(answer),
                    Ok(Err(error)) if is_final(&error) => return Err(error),
                    Ok(Err(_)) | Err(_) => {}
                }
            }
            tokio::time::sleep(Duration::from_millis(100) + self.chance.within(BREATH)).await;
        }
    }

    /// A node to ask: mostly the one to which the device is linked, as a router would.
    fn somebody(&self, device: DeviceId) -> Option<Process> {
        let linked = self.nodes.iter().find(|node| node.has(device));
        let chosen = if self.chance.happens(700) { linked } else { None };
        chosen.unwrap_or_else(|| self.chance.pick(&self.nodes)).process()
    }
}

/// Whether asking again would be answered the same.
fn is_final(error: &EngineError) -> bool {
    match error {
        EngineError::Plan(_) | EngineError::State { .. } | EngineError::Refused(_) => true,
        EngineError::Ledger(error) => !matches!(error, d1_core::LedgerError::Backend { .. }),
        EngineError::Store(error) => {
            !matches!(error, StoreError::Stale(_) | StoreError::Backend { .. })
        }
        EngineError::Device(_) | EngineError::Busy(_) | EngineError::Stopping(_) | _ => false,
    }
}
