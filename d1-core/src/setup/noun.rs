//! The noun itself, and what can be read off it.

use super::SetupState;
use crate::{
    AccountId, Amount, DeviceId, HoldId, Outcome, Plan, Preview, Problem, Quote, QuoteId, Receipt,
    SealedGrant, SetupId, Task, TaskId, Terms, Timestamp,
};
use serde::{Deserialize, Serialize};

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
    /// The signature of a person under the plan, for a device that wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<SealedGrant>,
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
            grant: None,
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
}
