//! One setup, as clients see it.

use d1_core::{
    Change, DeviceId, Digest, Effect, IsolationReport, Manifest, OnDisconnect, Outcome, Problem,
    Setup, SetupId, StepId, Task, TaskState, Undo,
};
use serde::{Deserialize, Serialize};

/// One setup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetupView {
    /// `d1.setup.v1`
    pub schema: String,
    /// Its id.
    pub id: SetupId,
    /// What was asked for, in words.
    pub intent: String,
    /// On which device.
    pub device: DeviceId,
    /// `awaiting approval`, `running`, `stopping`, or how it ended: `succeeded`, `no_change`,
    /// `failed`, `cancelled`, `declined`.
    pub state: String,
    /// The plan's digest.
    pub plan: Digest,
    /// Its steps, in order.
    pub steps: Vec<StepView>,
    /// What its steps changed, in the order they ended.
    pub receipts: Vec<ReceiptView>,
    /// What a person has to do afterwards.
    pub follow_up: Vec<String>,
    /// What it costs at most, in micro-credits.
    pub quoted_micro: u64,
    /// Which price list said so; empty when it is free.
    pub price_list: String,
    /// Until when that binds, in milliseconds since 1970: a yes before then is to this price.
    pub quoted_until: Option<u64>,
    /// What keeps it although somebody said yes: do what it says, and say yes again.
    pub asks: Option<Problem>,
    /// What was charged, in micro-credits.
    pub charged_micro: u64,
    /// The setup it takes back.
    pub undo_of: Option<SetupId>,
    /// The setup that took it back.
    pub undone_by: Option<SetupId>,
    /// When it was made, in milliseconds since 1970.
    pub created_at: u64,
    /// When it last changed, in milliseconds since 1970.
    pub changed_at: u64,
    /// Until when what was not sent waits for the device, in milliseconds since 1970; nothing
    /// while the device is there.
    #[serde(default)]
    pub waits_until: Option<u64>,
    /// What the device does while nobody is on the link.
    #[serde(default)]
    pub on_disconnect: OnDisconnect,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepView {
    /// Its name, unique in the plan.
    pub id: StepId,
    /// What it is called.
    pub title: String,
    /// What it does at worst.
    pub effect: Effect,
    /// Whether it takes administrator rights.
    pub needs_root: bool,
    /// How far it can be taken back.
    pub undo: Undo,
    /// Where it is: `queued`, `sent`, `received`, `running`, `silent`, `finished`, `skipped`.
    pub state: String,
    /// Which attempt this is.
    pub attempt: u32,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<u64>,
    /// Why it did not succeed.
    pub problem: Option<Problem>,
    /// What it costs when it succeeds, in micro-credits.
    pub price_micro: u64,
}

/// What one step changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceiptView {
    /// Which step.
    pub step: Option<StepId>,
    /// Which attempt.
    pub attempt: u32,
    /// What it changed.
    pub changes: Vec<Change>,
    /// What it was asked to take back and left, with reasons.
    pub kept: Vec<String>,
    /// Whether it may have changed more than can be told.
    pub opaque: bool,
    /// What it brought that gives rights to others, or that runs by itself.
    #[serde(default)]
    pub manifest: Manifest,
    /// Which protection was in force: `none`, `partial`, `full`.
    pub isolation: String,
    /// The same in full: the confinement it started from, and every layer of it.
    #[serde(default)]
    pub protection: IsolationReport,
    /// What names exactly what its command was granted; none when it ran no command.
    #[serde(default)]
    pub grant: Option<Digest>,
}

impl SetupView {
    /// Its version.
    pub const SCHEMA: &str = "d1.setup.v1";

    /// Whether it has ended. Of a state that only newer servers know, it is not known to have.
    #[must_use]
    pub fn is_over(&self) -> bool {
        use d1_core::SetupOutcome as Outcome;
        [
            Outcome::Succeeded,
            Outcome::NoChange,
            Outcome::Failed,
            Outcome::Cancelled,
            Outcome::Declined,
        ]
        .iter()
        .any(|outcome| outcome.as_str() == self.state)
    }
}

impl From<&Setup> for SetupView {
    fn from(setup: &Setup) -> Self {
        let receipt = |receipt: &d1_core::Receipt| ReceiptView {
            step: setup.task(receipt.task).map(|task| task.step.clone()),
            attempt: receipt.attempt,
            changes: receipt.changes.clone(),
            kept: receipt.kept.clone(),
            opaque: receipt.opaque,
            manifest: receipt.manifest.clone(),
            isolation: receipt.isolation.summary().to_owned(),
            protection: receipt.isolation.clone(),
            grant: receipt.grant,
        };
        Self {
            schema: Self::SCHEMA.to_owned(),
            id: setup.id,
            intent: setup.plan.intent.to_string(),
            device: setup.device,
            state: setup.state.name().to_owned(),
            plan: setup.plan.id(),
            steps: setup.tasks.iter().filter_map(|task| step(setup, task)).collect(),
            receipts: setup.receipts.iter().map(receipt).collect(),
            follow_up: setup.plan.follow_up.clone(),
            quoted_micro: setup.quote.most().as_micro(),
            price_list: setup.quote.price_list.clone(),
            quoted_until: setup.promise.map(|promise| promise.until.0),
            asks: setup.asks.clone(),
            charged_micro: if setup.is_over() { setup.charge().as_micro() } else { 0 },
            undo_of: setup.undo_of,
            undone_by: setup.undone_by,
            created_at: setup.created_at.0,
            changed_at: setup.changed_at.0,
            waits_until: setup.waits_until.map(|until| until.0),
            on_disconnect: setup.terms.on_disconnect,
        }
    }
}

fn step(setup: &Setup, task: &Task) -> Option<StepView> {
    let step = setup.plan.step(&task.step)?;
    let result = match &task.state {
        TaskState::Finished(result) => Some(result),
        TaskState::Queued
        | TaskState::Sent
        | TaskState::Received
        | TaskState::Running
        | TaskState::Silent
        | TaskState::Skipped => None,
    };
    let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Some(StepView {
        id: step.id.clone(),
        title: step.title.clone(),
        effect: step.effect,
        needs_root: step.needs_root,
        undo: step.undo.clone(),
        state: task.state.name().to_owned(),
        attempt: task.attempt,
        outcome: result.map(|result| result.outcome),
        duration_ms: result.map(|result| millis(result.duration)),
        problem: result.and_then(|result| result.problem.clone()),
        price_micro: setup.quote.price_of(&step.id).as_micro(),
    })
}
