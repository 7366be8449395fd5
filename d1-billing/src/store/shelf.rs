//! What a writer keeps of the books between two batches, so that it need not read it again.
//!
//! An account is on the shelf whole or not at all: its row and its organisation's, its rules,
//! every lot that is not used up, and of its open holds those that were made or settled here,
//! with their shares and caps. What is over is put away after each batch. Whether the shelf is
//! still true is for the storage to say; when it is not, all of it is cleared.

use super::sql::Needs;
use crate::{
    Command, HoldState, Open, Operation,
    books::{Books, cap_ids_of_hold, row::Row as _},
};
use d1_core::{AccountId, HoldId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// How many rows of one kind are kept; with more, the shelf is cleared and fills anew.
const ROWS: usize = 65_536;

/// The part of the books that is kept.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub(super) books: Books,
    /// The accounts that are here whole, and until when: then a hold ends that is not here.
    whole: BTreeMap<AccountId, Timestamp>,
    /// The caps that were looked for and are not there: they begin with the first hold they count.
    absent: BTreeSet<String>,
}

impl Shelf {
    /// What these commands need and is not here.
    pub(super) fn missing(&self, commands: &[Command], now: Timestamp) -> Needs {
        let mut needs = Needs::of(commands.iter().map(|command| (command, now)));
        needs.accounts.retain(|account| !self.is_whole(*account, now));
        needs.holds.retain(|hold| self.books.holds.get(&(*hold,)).is_none());
        needs.quotes.retain(|quote| self.books.quotes.get(&(*quote,)).is_none());
        needs
    }

    /// Whether everything about an account that may matter now is here.
    pub(super) fn is_whole(&self, account: AccountId, now: Timestamp) -> bool {
        let Some(row) = self.books.accounts.get(&(account,)) else { return false };
        let now = now.max(row.seen_at);
        self.whole.get(&account).is_some_and(|until| now < *until)
    }

    /// An account has been brought whole, but for holds of which the first ends `until` then.
    pub(super) fn has_whole(&mut self, account: AccountId, until: Option<Timestamp>) {
        self.whole.insert(account, until.unwrap_or(Timestamp(u64::MAX)));
    }

    /// Whether these commands can be decided with what is here, but for names that nobody may
    /// have used before.
    pub(super) fn is_enough(
        &self,
        commands: &[Command],
        concerned: &BTreeSet<AccountId>,
        now: Timestamp,
    ) -> bool {
        let is_here = |Command { operation, .. }: &Command| match operation {
            Operation::Extend { hold, .. }
            | Operation::Capture { hold, .. }
            | Operation::Refund { hold, .. } => self.books.holds.get(&(*hold,)).is_some(),
            Operation::Hold(hold) | Operation::Charge(hold) => {
                hold.quote.is_none_or(|quote| self.books.quotes.get(&(quote,)).is_some())
            }
            Operation::Open(_)
            | Operation::Freeze { .. }
            | Operation::Grant(_)
            | Operation::SetCap { .. }
            | Operation::Quote(_)
            | Operation::Sweep { .. } => true,
        };
        commands.iter().all(is_here)
            && concerned.iter().all(|account| self.is_whole(*account, now))
            && self.missing_caps(commands, &[], now).is_empty()
    }

    /// Every account whose rows these commands may read or change: those that are named, those
    /// of the holds that are, and the organisations that count any of it.
    pub(super) fn concerned(&self, commands: &[Command], now: Timestamp) -> BTreeSet<AccountId> {
        let books = &self.books;
        let mut all = BTreeSet::new();
        let mut counting = BTreeSet::new();
        for Command { operation, .. } in commands {
            all.extend(operation.account());
            if let Operation::Open(Open { organisation, .. }) = operation {
                counting.extend(*organisation);
            }
            let hold = operation.hold().and_then(|hold| books.holds.get(&(hold,)));
            if let Some(hold) = hold {
                all.insert(hold.account);
                counting.extend(hold.organisation);
            }
        }
        for account in &all {
            let Some(row) = books.accounts.get(&(*account,)) else { continue };
            counting.extend(row.organisation);
            // What is overdue is freed with whatever comes next.
            let overdue = books.holds.due(*account, now.max(row.seen_at));
            counting.extend(overdue.filter_map(|hold| hold.organisation));
        }
        all.extend(counting);
        all
    }

    /// The caps that may count what the commands do, or count these holds, and are not here.
    pub(super) fn missing_caps(
        &self,
        commands: &[Command],
        holds: &[HoldId],
        now: Timestamp,
    ) -> Vec<String> {
        let books = &self.books;
        let mut ids = Vec::new();
        let held = holds.iter().filter_map(|hold| books.holds.get(&(*hold,)));
        ids.extend(held.flat_map(cap_ids_of_hold));
        let joined = joined(commands);
        for Command { operation, .. } in commands {
            if let Operation::Hold(hold) | Operation::Charge(hold) = operation {
                let row = books.accounts.get(&(hold.account,));
                let at = row.map_or(now, |row| row.seen_at.max(now));
                ids.extend(books.ruled_cap_ids(hold, row.and_then(|row| row.organisation), at));
                for (_, organisation) in joined.iter().filter(|(who, _)| *who == hold.account) {
                    ids.extend(books.ruled_cap_ids(hold, Some(*organisation), at));
                }
            }
        }
        ids.sort_unstable();
        ids.dedup();
        ids.retain(|id| !self.absent.contains(id) && books.caps.get(&(id.clone(),)).is_none());
        ids
    }

    /// These caps were looked for; what is not here now is nowhere.
    pub(super) fn has_caps(&mut self, ids: Vec<String>) {
        let caps = &self.books.caps;
        self.absent.extend(ids.into_iter().filter(|id| caps.get(&(id.clone(),)).is_none()));
    }

    /// Everything is written: what is over is put away.
    pub(super) fn put_away(&mut self) {
        let books = &mut self.books;
        for key in books.holds.passed() {
            if books.holds.get(&key).is_some_and(|hold| hold.state != HoldState::Open) {
                books.holds.forget(&key);
            }
        }
        for key in books.shares.passed() {
            if books.holds.get(&(key.0,)).is_none() {
                books.shares.forget(&key);
            }
        }
        for key in books.lots.passed() {
            if books.lots.get(&key).is_some_and(|lot| lot.live_in().is_none()) {
                books.lots.forget(&key);
            }
        }
        macro_rules! forget_all {
            ($($table:ident),*) => {$(
                for key in books.$table.passed() {
                    books.$table.forget(&key);
                }
            )*};
        }
        forget_all!(entries, outcomes, events);
        for key in books.quotes.passed() {
            if books.quotes.get(&key).is_some_and(|quote| quote.hold.is_some()) {
                books.quotes.forget(&key);
            }
        }
        drop((books.accounts.passed(), books.rules.passed(), books.caps.passed()));
        let most = [
            books.accounts.len(),
            books.lots.len(),
            books.quotes.len(),
            books.holds.len(),
            books.rules.len(),
            books.caps.len(),
            self.absent.len(),
        ];
        if most.into_iter().any(|rows| rows > ROWS) {
            self.clear();
        }
    }

    /// What is here may no longer be true.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// The accounts that join an organisation by these commands, and which.
fn joined(commands: &[Command]) -> Vec<(AccountId, AccountId)> {
    let joins = |command: &Command| match &command.operation {
        Operation::Open(Open { account, organisation, .. }) => {
            organisation.map(|organisation| (*account, organisation))
        }
        Operation::Freeze { .. }
        | Operation::Grant(_)
        | Operation::SetCap { .. }
        | Operation::Quote(_)
        | Operation::Hold(_)
        | Operation::Extend { .. }
        | Operation::Capture { .. }
        | Operation::Charge(_)
        | Operation::Refund { .. }
        | Operation::Sweep { .. } => None,
    };
    commands.iter().filter_map(joins).collect()
}
