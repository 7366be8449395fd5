//! The life of one setup: one approved plan on its way through one device.
//!
//! ```text
//!   AwaitingApproval ──Approve──▶ Running ──(all over)──▶ Finished
//!          │                       │   ▲                     │
//!          │                     Stop  └───────Resume────────┤
//!          │                       ▼                         │
//!          └──Decline──▶ Finished  Stopping ──(all over)─────┘
//! ```
//!
//! [`Setup::on`] decides, and touches nothing: whoever holds the setup saves it first
//! and carries out the effects afterwards. An effect carried out twice, because of a
//! crash in between, is harmless: devices and ledgers answer twice and act once.

use crate::{
    AccountId, Amount, Category, DeviceId, HoldId, IllegalTransition, Outcome, Plan, Preview,
    ProbeAnswer, Problem, Quote, QuoteId, Receipt, SetupId, StepId, StopMode, Task, TaskEvent,
    TaskId, TaskResult, TaskState, Terms, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One approved plan on its way through one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// Its name.
    pub id: SetupId,
    /// Who pays.
    pub account: AccountId,
    /// Where it runs.
    pub device: DeviceId,
    /// What was shown and is carried out; never changed.
    pub plan: Plan,
    /// What the device said each step would change, in the order of the steps.
    pub previews: Vec<Preview>,
    /// What it costs at most.
    pub quote: Quote,
    /// How long that binds; nothing when it is free, or was agreed before prices were bound.
    #[serde(default)]
    pub promise: Option<Promised>,
    /// What keeps it from beginning, or from going on, although somebody said yes: a person has
    /// to do something, and say yes again.
    #[serde(default)]
    pub asks: Option<Problem>,
    /// For how long it waits, and the like.
    #[serde(default)]
    pub terms: Terms,
    /// Until when what was not sent waits for the device; nothing while the device is there, and
    /// when nothing waits.
    #[serde(default)]
    pub waits_until: Option<Timestamp>,
    /// Where it is in its life.
    pub state: SetupState,
    /// Its tasks, in the order of the steps.
    pub tasks: Vec<Task>,
    /// What its tasks changed, in the order they ended; every attempt has its own.
    pub receipts: Vec<Receipt>,
    /// The credits that pay for it: noted before they are set aside, until they are settled,
    /// so that whoever comes after a crash knows of them.
    #[serde(default)]
    pub hold: Option<HoldId>,
    /// The setup this one takes back.
    pub undo_of: Option<SetupId>,
    /// The setup that took this one back.
    pub undone_by: Option<SetupId>,
    /// Who holds it: the number grows with every holder, and devices refuse lower ones.
    pub epoch: u64,
    /// How often it was saved; stores use it to refuse stale writers.
    pub version: u64,
    /// How often it went on after it had ended. Every such run is paid from a hold of its own.
    #[serde(default)]
    pub resumed: u32,
    /// What its earlier runs were charged.
    #[serde(default)]
    pub charged: Amount,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// A price that was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promised {
    /// Its name in the ledger.
    pub id: QuoteId,
    /// Until when it binds whoever says yes.
    pub until: Timestamp,
}

/// Where a setup is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetupState {
    /// Shown; nobody has said yes.
    AwaitingApproval,
    /// On its way.
    Running,
    /// Asked to stop; what runs comes to its end.
    Stopping(StopMode),
    /// Over.
    Finished(SetupOutcome),
}

/// How a setup ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SetupOutcome {
    /// Every step reached its goal.
    Succeeded,
    /// Everything was so already.
    NoChange,
    /// A step did not reach its goal.
    Failed,
    /// It was stopped before its end.
    Cancelled,
    /// Nobody said yes.
    Declined,
}

/// What can happen to a setup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetupEvent {
    /// A person said yes.
    Approve,
    /// A person said no.
    Decline,
    /// Something happened to a task.
    Task(TaskId, TaskEvent),
    /// The link to the device was lost.
    LinkLost,
    /// There is a link to the device, new or again.
    LinkUp,
    /// It is to stop.
    Stop(StopMode),
    /// It is to go on where it ended.
    Resume,
    /// What was not sent has waited for the device for as long as was agreed on.
    Expire,
}

/// What has to be done because of an event, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send the task to the device, or send it again.
    Dispatch(TaskId),
    /// Ask the device to stop the task.
    Cancel(TaskId, StopMode),
    /// Tell the device that its result is kept.
    ConfirmResult(TaskId),
    /// It is over: charge this, free the rest, let the device forget every task.
    Settle(Amount),
}

impl Setup {
    /// How often a task that was cut off and did nothing is tried without asking.
    pub const MAX_ATTEMPTS: u32 = 3;

    /// A setup that waits for a yes.
    #[must_use]
    pub fn new(
        id: SetupId,
        account: AccountId,
        device: DeviceId,
        plan: Plan,
        at: Timestamp,
    ) -> Self {
        let tasks = plan.steps.iter().map(|step| Task::queued(id, step)).collect();
        Self {
            id,
            account,
            device,
            plan,
            previews: Vec::new(),
            quote: Quote::free(),
            promise: None,
            asks: None,
            terms: Terms::default(),
            waits_until: None,
            state: SetupState::AwaitingApproval,
            tasks,
            receipts: Vec::new(),
            hold: None,
            undo_of: None,
            undone_by: None,
            epoch: 0,
            version: 0,
            resumed: 0,
            charged: Amount::ZERO,
            created_at: at,
            changed_at: at,
        }
    }

    /// Lets `event` happen and tells what has to be done. On error nothing has changed.
    pub fn on(
        &mut self,
        event: SetupEvent,
        at: Timestamp,
    ) -> Result<Vec<Effect>, IllegalTransition> {
        use {SetupEvent as E, SetupState as S};
        let until = at.after(self.terms.deliver_within);
        let effects = match (self.state, event) {
            (S::AwaitingApproval, E::Approve) => {
                self.asks = None;
                self.state = S::Running;
                self.waits_until = Some(until);
                self.go_on()
            }
            (S::AwaitingApproval, E::Decline | E::Stop(_)) => {
                self.asks = None;
                self.state = S::Finished(SetupOutcome::Declined);
                vec![Effect::Settle(Amount::ZERO)]
            }
            (
                S::Running
                | S::Stopping(_)
                | S::Finished(
                    SetupOutcome::Succeeded
                    | SetupOutcome::NoChange
                    | SetupOutcome::Failed
                    | SetupOutcome::Cancelled,
                ),
                E::Task(id, event),
            ) => self.on_task(id, event)?,
            (S::Running | S::Stopping(_), E::LinkLost) => self.lose_link(until),
            (S::Running | S::Stopping(_), E::LinkUp) => self.send_again(),
            (S::Running, E::Expire) => self.expire(),
            (S::AwaitingApproval | S::Stopping(_) | S::Finished(_), E::Expire) => Vec::new(),
            (S::AwaitingApproval | S::Finished(_), E::LinkLost | E::LinkUp) => Vec::new(),
            (S::Running, E::Stop(mode)) => self.stop(mode),
            (S::Stopping(before), E::Stop(mode)) => self.stop(before.max(mode)),
            (S::Finished(SetupOutcome::Failed | SetupOutcome::Cancelled), E::Resume) => {
                self.waits_until = Some(until);
                self.resume()
            }
            (S::Running, E::Resume) => Vec::new(),

            (S::Running, E::Approve) => Vec::new(), // said twice, done once

            // Nobody said yes, so no device has heard of its tasks.
            (
                state @ (S::AwaitingApproval | S::Finished(SetupOutcome::Declined)),
                event @ E::Task(..),
            ) => return Err(illegal(state.name(), event.name())),
            (state @ (S::Stopping(_) | S::Finished(_)), event @ (E::Approve | E::Resume))
            | (state @ (S::Running | S::Stopping(_) | S::Finished(_)), event @ E::Decline)
            | (state @ S::AwaitingApproval, event @ E::Resume)
            | (state @ S::Finished(_), event @ E::Stop(_)) => {
                return Err(illegal(state.name(), event.name()));
            }
        };
        self.changed_at = at;
        Ok(effects)
    }

    /// The task of this name.
    #[must_use]
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.iter().find(|task| task.id == id)
    }

    /// Whether nothing more happens by itself.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.state, SetupState::Finished(_))
    }

    /// Whether it is over and settled: nobody needs to look after it any more.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.is_over() && self.hold.is_none()
    }

    /// Whether somebody has to look after it: somebody said yes, and it is not at rest.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.state.is_under_way() || self.hold.is_some()
    }

    /// What the steps that reached their goal by work cost. Failed and unneeded work is free.
    #[must_use]
    pub fn charge(&self) -> Amount {
        let worked = |task: &&Task| task.outcome() == Some(Outcome::Succeeded);
        let worked = self.tasks.iter().filter(worked);
        self.quote.charge(worked.filter_map(|task| Some((&task.step, task.result()?))))
    }

    /// What this run of it is charged: all that is owed, less what earlier runs were charged.
    #[must_use]
    pub fn due(&self) -> Amount {
        self.charge().checked_sub(self.charged).unwrap_or_default()
    }

    /// The most that what is not done yet can cost.
    #[must_use]
    pub fn most_left(&self) -> Amount {
        let open = |task: &&Task| !task.outcome().is_some_and(Outcome::is_success);
        self.quote.most_of(self.tasks.iter().filter(open).map(|task| &task.step))
    }

    /// How many of its steps are not over, of one that somebody said yes to.
    #[must_use]
    pub fn open_steps(&self) -> usize {
        if !self.state.is_under_way() {
            return 0;
        }
        self.tasks.iter().filter(|task| !task.state.is_over()).count()
    }

    /// The hold that pays for this run of it.
    #[must_use]
    pub fn hold(&self) -> HoldId {
        HoldId::of_run(self.id, self.created_at, self.resumed)
    }

    /// Whether anything on the device is different because of it and can be taken back.
    #[must_use]
    pub fn can_be_undone(&self) -> bool {
        self.undone_by.is_none() && self.receipts.iter().any(|receipt| !receipt.changes.is_empty())
    }

    fn on_task(&mut self, id: TaskId, event: TaskEvent) -> Result<Vec<Effect>, IllegalTransition> {
        let Some(at) = self.tasks.iter().position(|task| task.id == id) else {
            return Err(illegal("unknown", "hear of a task that is not its own"));
        };
        let TaskEvent::Finish(result) = event else {
            // News of a task that has ended is late, not wrong.
            if !self.tasks[at].state.is_over() {
                self.tasks[at].apply(event)?;
            }
            return Ok(Vec::new());
        };
        let repeated = result.attempt < self.tasks[at].attempt || self.tasks[at].state.is_over();
        if repeated {
            return Ok(vec![Effect::ConfirmResult(id)]);
        }
        let (outcome, probe) = (result.outcome, result.probe.clone());
        let receipt = result.receipt.clone();
        self.tasks[at].apply(TaskEvent::Finish(result))?;
        self.receipts.extend(receipt);
        let mut effects = vec![Effect::ConfirmResult(id)];
        let untouched = outcome == Outcome::Interrupted && probe == Some(ProbeAnswer::NotDone);
        if untouched
            && self.state == SetupState::Running
            && self.tasks[at].attempt < Self::MAX_ATTEMPTS
        {
            self.tasks[at].apply(TaskEvent::Retry)?;
        } else if !outcome.is_success() {
            self.skip_dependents(at)?;
        }
        effects.extend(self.go_on());
        Ok(effects)
    }

    /// Sends what can be sent, and ends the setup when nothing is left.
    fn go_on(&mut self) -> Vec<Effect> {
        if self.tasks.iter().all(|task| task.state.is_over()) {
            self.state = SetupState::Finished(self.outcome());
            self.waits_until = None;
            return vec![Effect::Settle(self.due())];
        }
        if self.state != SetupState::Running {
            return Vec::new();
        }
        self.ready().into_iter().map(Effect::Dispatch).collect()
    }

    /// Queued tasks whose dependencies have all succeeded.
    fn ready(&self) -> Vec<TaskId> {
        let succeeded = |step: &StepId| {
            let task = self.tasks.iter().find(|task| task.step == *step);
            task.and_then(Task::outcome).is_some_and(Outcome::is_success)
        };
        let waits = self.tasks.iter().filter(|task| task.state == TaskState::Queued);
        waits
            .filter(|task| {
                let step = self.plan.step(&task.step);
                step.is_some_and(|step| step.depends_on.iter().all(succeeded))
            })
            .map(|task| task.id)
            .collect()
    }

    fn lose_link(&mut self, until: Timestamp) -> Vec<Effect> {
        self.fall_silent();
        if self.state == SetupState::Running {
            self.waits_until.get_or_insert(until);
        }
        Vec::new()
    }

    fn fall_silent(&mut self) {
        for task in self.tasks.iter_mut().filter(|task| task.state.is_out()) {
            task.state = TaskState::Silent;
        }
    }

    fn send_again(&mut self) -> Vec<Effect> {
        self.waits_until = None;
        self.fall_silent();
        let silent = self.tasks.iter().filter(|task| task.state == TaskState::Silent);
        let mut effects: Vec<_> = silent.map(|task| Effect::Dispatch(task.id)).collect();
        if let SetupState::Stopping(mode) = self.state {
            let silent = self.tasks.iter().filter(|task| task.state == TaskState::Silent);
            effects.extend(silent.map(|task| Effect::Cancel(task.id, mode)));
        }
        effects.extend(self.go_on());
        effects
    }

    /// Ends what was not sent: the device has never heard of it. What it may have heard of only
    /// its own word ends.
    fn expire(&mut self) -> Vec<Effect> {
        self.waits_until = None;
        let ready = self.ready();
        for task in self.tasks.iter_mut().filter(|task| task.state == TaskState::Queued) {
            task.state = if ready.contains(&task.id) {
                TaskState::Finished(Box::new(too_late(task, self.epoch)))
            } else {
                TaskState::Skipped
            };
        }
        self.go_on()
    }

    fn stop(&mut self, mode: StopMode) -> Vec<Effect> {
        self.state = SetupState::Stopping(mode);
        self.waits_until = None;
        for task in self.tasks.iter_mut().filter(|task| task.state == TaskState::Queued) {
            task.state = TaskState::Skipped;
        }
        let out = self.tasks.iter().filter(|task| task.state.is_out());
        let mut effects: Vec<_> = out.map(|task| Effect::Cancel(task.id, mode)).collect();
        effects.extend(self.go_on());
        effects
    }

    fn resume(&mut self) -> Vec<Effect> {
        self.asks = None;
        // What has succeeded was settled when the run before this one ended.
        self.charged = self.charge();
        self.resumed += 1;
        for task in &mut self.tasks {
            let again = match task.outcome() {
                Some(outcome) => !outcome.is_success(),
                None => true,
            };
            if again {
                task.attempt += u32::from(task.outcome().is_some());
                task.state = TaskState::Queued;
            }
        }
        self.state = SetupState::Running;
        self.go_on()
    }

    fn skip_dependents(&mut self, at: usize) -> Result<(), IllegalTransition> {
        let step = self.tasks[at].step.clone();
        let later = self.plan.dependents(&step);
        for task in &mut self.tasks {
            if task.state == TaskState::Queued && later.contains(&task.step) {
                task.apply(TaskEvent::Skip)?;
            }
        }
        Ok(())
    }

    fn outcome(&self) -> SetupOutcome {
        let ends = || self.tasks.iter().map(Task::outcome);
        let stopping = matches!(self.state, SetupState::Stopping(_));
        if ends().all(|end| end == Some(Outcome::NoChange)) {
            SetupOutcome::NoChange
        } else if ends().all(|end| end.is_some_and(Outcome::is_success)) {
            SetupOutcome::Succeeded
        } else if stopping {
            SetupOutcome::Cancelled
        } else {
            SetupOutcome::Failed
        }
    }
}

/// The end of a task for which its device did not come in time.
fn too_late(task: &Task, epoch: u64) -> TaskResult {
    let why = Problem::new("D1-TASK-005", Category::Timeout, "its device did not come in time")
        .because("it waited for as long as was agreed on when the setup was made")
        .leaving("nothing was changed by this step, and nothing is charged for it")
        .next("when the device is there again, let the setup go on");
    let ended = TaskResult::not_started(task.id, task.attempt, epoch, Outcome::Undeliverable);
    TaskResult { problem: Some(why), ..ended }
}

fn illegal(from: &'static str, event: &'static str) -> IllegalTransition {
    IllegalTransition { noun: "setup", from, event }
}

impl SetupState {
    /// Whether it was approved and is not over.
    #[must_use]
    pub const fn is_under_way(&self) -> bool {
        match self {
            Self::Running | Self::Stopping(_) => true,
            Self::AwaitingApproval | Self::Finished(_) => false,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AwaitingApproval => "awaiting approval",
            Self::Running => "running",
            Self::Stopping(_) => "stopping",
            Self::Finished(outcome) => outcome.as_str(),
        }
    }
}

impl SetupEvent {
    const fn name(&self) -> &'static str {
        match self {
            Self::Approve => "be approved",
            Self::Decline => "be declined",
            Self::Task(..) => "hear of a task",
            Self::LinkLost => "lose its link",
            Self::LinkUp => "gain a link",
            Self::Stop(_) => "stop",
            Self::Resume => "go on",
            Self::Expire => "expire",
        }
    }
}

impl SetupOutcome {
    /// Every way to end.
    pub const ALL: [Self; 5] =
        [Self::Succeeded, Self::NoChange, Self::Failed, Self::Cancelled, Self::Declined];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::NoChange => "no_change",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Declined => "declined",
        }
    }
}

impl fmt::Display for SetupOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.as_str().replace('_', " "))
    }
}
