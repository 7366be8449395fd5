//! What time does to an account.

use super::{
    Books, EntryRow, HoldRow,
    apply::{less, plus},
};
use crate::{EntryKind, HoldState, LotId};
use d1_core::{AccountId, Amount, HoldId, Timestamp};

impl Books {
    /// Frees what has expired, and tells what time it is here: never earlier than it was.
    pub(super) fn pass_time(&mut self, account: AccountId, now: Timestamp) -> Timestamp {
        let Some(mut row) = self.account(account).cloned() else { return now };
        let now = now.max(row.seen_at);
        if row.seen_at != now {
            row.seen_at = now;
            self.accounts.put(row);
        }
        let overdue: Vec<HoldRow> = self.holds.due(account, now).cloned().collect();
        for hold in overdue {
            self.give_up(hold, HoldState::Expired, now);
        }
        let lapsed: Vec<LotId> = self
            .lots
            .due(account, now)
            .filter(|lot| !lot.free.is_zero())
            .map(|lot| lot.id)
            .collect();
        for lot in lapsed {
            self.lapse(lot, now);
        }
        now
    }

    /// Ends a hold of which nothing is taken.
    pub(super) fn give_up(&mut self, hold: HoldRow, state: HoldState, now: Timestamp) {
        self.uncount(&hold, Amount::ZERO);
        for share in self.shares_of(hold.id) {
            self.return_to_lot(share.lot, share.amount, Amount::ZERO, now);
        }
        self.no_longer_held(hold.account, hold.amount);
        self.holds.put(HoldRow { state, ..hold });
    }

    /// The account no longer has this hold.
    pub(super) fn no_longer_held(&mut self, account: AccountId, amount: Amount) {
        if let Some(mut row) = self.account(account).cloned() {
            row.held = less(row.held, amount);
            row.open_holds = row.open_holds.saturating_sub(1);
            self.accounts.put(row);
        }
    }

    /// Of what a lot had held, some was spent, and the rest is free again, or has lapsed.
    pub(super) fn return_to_lot(&mut self, id: LotId, held: Amount, spent: Amount, now: Timestamp) {
        let Some(mut lot) = self.lots.get(&(id,)).cloned() else { return };
        lot.held = less(lot.held, held);
        lot.spent = plus(lot.spent, spent);
        lot.free = plus(lot.free, less(held, spent));
        let is_over = lot.until_at.is_some_and(|until| until <= now);
        self.lots.put(lot);
        if is_over {
            self.lapse(id, now);
        }
    }

    /// What is free of a lot that has expired belongs to nobody any more.
    pub(super) fn lapse(&mut self, id: LotId, now: Timestamp) {
        let Some(mut lot) = self.lots.get(&(id,)).cloned() else { return };
        let (account, amount) = (lot.account, lot.free);
        lot.free = Amount::ZERO;
        lot.lapsed = plus(lot.lapsed, amount);
        self.lots.put(lot);
        self.post(account, EntryKind::Lapsed, amount, None, Some(id), now);
    }

    /// Adds a line to the history, and brings the account up to it.
    pub(super) fn post(
        &mut self,
        account: AccountId,
        kind: EntryKind,
        amount: Amount,
        hold: Option<HoldId>,
        lot: Option<LotId>,
        at: Timestamp,
    ) {
        let Some(mut row) = self.account(account).cloned() else { return };
        if amount.is_zero() && kind != EntryKind::Opened {
            return;
        }
        let before = row.posted;
        let after = match kind {
            EntryKind::Opened => before,
            EntryKind::Granted | EntryKind::Refunded => plus(before, amount),
            EntryKind::Charged | EntryKind::Lapsed => less(before, amount),
        };
        let seq = row.entries + 1;
        let prev = (row.entries > 0).then_some(row.entries);
        self.entries.put(EntryRow {
            account,
            seq,
            prev,
            kind,
            amount,
            before,
            after,
            hold,
            lot,
            at,
        });
        (row.posted, row.entries) = (after, seq);
        self.accounts.put(row);
    }
}
