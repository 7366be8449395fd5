//! Caps: what may be spent on a task, on a device in a day, in a day, ever, and by an
//! organisation in a day. A cap counts from when it is set.

use super::{
    Books, CapRow, HoldRow, LARGEST, RuleRow,
    apply::{less, plus, sum},
};
use crate::{CapScope, NewHold, Refusal, Reply};
use d1_core::{AccountId, Amount, DeviceId, Timestamp};

/// Every scope, with its bit in `counted`.
const SCOPES: [(CapScope, u8); 5] = [
    (CapScope::Task, 1),
    (CapScope::Device, 2),
    (CapScope::Day, 4),
    (CapScope::Account, 8),
    (CapScope::Organisation, 16),
];

/// Milliseconds in a day; days are those of UTC, which has no summer time.
const DAY: u64 = 86_400_000;

/// What decides which caps count a hold.
struct Spending<'a> {
    account: AccountId,
    organisation: Option<AccountId>,
    task: Option<&'a str>,
    device: Option<DeviceId>,
    at: Timestamp,
}

impl Spending<'_> {
    /// The account whose cap it is.
    fn owner(&self, scope: CapScope) -> Option<AccountId> {
        match scope {
            CapScope::Task | CapScope::Device | CapScope::Day | CapScope::Account => {
                Some(self.account)
            }
            CapScope::Organisation => self.organisation,
        }
    }

    /// The account whose cap it is, and the cap's name.
    fn cap(&self, scope: CapScope) -> Option<(AccountId, String)> {
        let day = self.at.0 / DAY;
        let owner = self.owner(scope)?;
        let id = match scope {
            CapScope::Task => format!("{owner}/task/{}", self.task?),
            CapScope::Device => format!("{owner}/device/{}/{day}", self.device?),
            CapScope::Day => format!("{owner}/day/{day}"),
            CapScope::Account => format!("{owner}/account"),
            CapScope::Organisation => format!("{owner}/organisation/{day}"),
        };
        Some((owner, id))
    }

    fn ids(&self) -> impl Iterator<Item = String> {
        SCOPES.iter().filter_map(|(scope, _bit)| self.cap(*scope)).map(|(_owner, id)| id)
    }
}

impl HoldRow {
    fn spending(&self) -> Spending<'_> {
        let Self { account, organisation, device, made_at: at, .. } = *self;
        Spending { account, organisation, task: self.task.as_deref(), device, at }
    }
}

/// The caps that count a hold.
pub(crate) fn cap_ids_of_hold(hold: &HoldRow) -> Vec<String> {
    hold.spending().ids().collect()
}

impl Books {
    /// The caps that may count a new hold: those for which there is or was a rule.
    pub(crate) fn ruled_cap_ids(
        &self,
        hold: &NewHold,
        organisation: Option<AccountId>,
        at: Timestamp,
    ) -> Vec<String> {
        let NewHold { account, device, .. } = *hold;
        let task = hold.task.as_deref();
        let spending = Spending { account, organisation, task, device, at };
        let ruled = SCOPES.iter().filter(|(scope, _bit)| self.is_ruled(&spending, *scope));
        ruled.filter_map(|(scope, _bit)| Some(spending.cap(*scope)?.1)).collect()
    }

    /// Whether there is or was a rule; without one there is no cap.
    fn is_ruled(&self, spending: &Spending<'_>, scope: CapScope) -> bool {
        let owner = spending.owner(scope);
        owner.is_some_and(|owner| self.rules.get(&(owner, scope)).is_some())
    }

    pub(super) fn set_cap(
        &mut self,
        account: AccountId,
        scope: CapScope,
        most: Option<Amount>,
    ) -> Result<Reply, Refusal> {
        self.known(account)?;
        if let Some(most) = most.filter(|most| *most > LARGEST) {
            return Err(Refusal::TooMuch(most));
        }
        self.rules.put(RuleRow { account, scope, most });
        Ok(Reply::Done)
    }

    /// Counts a new hold against every cap there is for it, and tells which.
    pub(super) fn count(&mut self, hold: &HoldRow, amount: Amount) -> Result<u8, Refusal> {
        let mut counted = 0;
        for (scope, bit) in SCOPES {
            let spending = hold.spending();
            if !self.is_ruled(&spending, scope) {
                continue;
            }
            let Some((owner, id)) = spending.cap(scope) else { continue };
            let rule = self.rules.get(&(owner, scope)).and_then(|rule| rule.most);
            let known = self.caps.get(&(id.clone(),)).cloned();
            if known.is_none() && rule.is_none() {
                continue;
            }
            let (used, held) = known.map_or_else(Default::default, |row| (row.used, row.held));
            // What is spent already stays spent: a lowered cap stops at that.
            let most = rule.unwrap_or(LARGEST).max(plus(used, held));
            let row = CapRow { id, account: owner, scope, most, used, held };
            self.hold_in_cap(row, amount)?;
            counted |= bit;
        }
        Ok(counted)
    }

    /// Counts more of a hold, against the caps that count it.
    pub(super) fn count_more(&mut self, hold: &HoldRow, more: Amount) -> Result<(), Refusal> {
        for row in self.caps_of(hold) {
            self.hold_in_cap(row, more)?;
        }
        Ok(())
    }

    /// A hold is over, and `charged` of it was taken.
    pub(super) fn uncount(&mut self, hold: &HoldRow, charged: Amount) {
        for row in self.caps_of(hold) {
            let (held, used) = (less(row.held, hold.amount), plus(row.used, charged));
            self.caps.put(CapRow { held, used, ..row });
        }
    }

    /// What was given back may be spent again.
    pub(super) fn give_back_room(&mut self, hold: &HoldRow, amount: Amount) {
        for row in self.caps_of(hold) {
            let used = less(row.used, amount);
            self.caps.put(CapRow { used, ..row });
        }
    }

    fn hold_in_cap(&mut self, row: CapRow, amount: Amount) -> Result<(), Refusal> {
        let left = less(row.most, plus(row.used, row.held));
        if amount > left {
            return Err(Refusal::CapReached { scope: row.scope, needed: amount, left });
        }
        let held = sum(row.held, amount)?;
        self.caps.put(CapRow { held, ..row });
        Ok(())
    }

    fn caps_of(&self, hold: &HoldRow) -> Vec<CapRow> {
        let counts = |bit: u8| hold.counted & bit != 0;
        let scopes = SCOPES.iter().filter(|(_scope, bit)| counts(*bit));
        let ids = scopes.filter_map(|(scope, _bit)| hold.spending().cap(*scope));
        ids.filter_map(|(_owner, id)| self.caps.get(&(id,)).cloned()).collect()
    }
}

/// Whether the cap of this name counts the hold.
pub(super) fn counts(hold: &HoldRow, id: &str) -> bool {
    let mut scopes = SCOPES.iter().filter(|(_scope, bit)| hold.counted & bit != 0);
    scopes.any(|(scope, _bit)| hold.spending().cap(*scope).is_some_and(|(_owner, cap)| cap == id))
}

/// The caps that an account has at this time, and for which there is one row each.
pub(crate) fn cap_ids_of_account(account: AccountId, at: Timestamp) -> Vec<String> {
    Spending { account, organisation: Some(account), task: None, device: None, at }.ids().collect()
}

/// The name of the cap of an account at this time; nothing for those that count every task or
/// device by itself.
pub(super) fn cap_of_account(account: AccountId, scope: CapScope, at: Timestamp) -> Option<String> {
    let mine = Spending { account, organisation: Some(account), task: None, device: None, at };
    mine.cap(scope).map(|(_owner, id)| id)
}
