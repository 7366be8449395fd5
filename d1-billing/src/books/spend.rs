//! Holding, charging, and giving back.

use super::{
    Books, HoldRow, LotRow, OPEN_HOLDS, ShareRow,
    apply::{less, plus, sum},
};
use crate::{EntryKind, HoldState, NewHold, Open, Refusal, Reply};
use d1_core::{AccountId, Amount, HoldId, Timestamp};

impl Books {
    pub(super) fn set_aside(&mut self, new: &NewHold, now: Timestamp) -> Result<Reply, Refusal> {
        let NewHold { id, account, amount, .. } = *new;
        if self.holds.get(&(id,)).is_some() {
            return Err(Refusal::HoldExists(id));
        }
        self.spends(account, amount, now)?;
        if let Some(quote) = new.quote {
            self.use_quote(quote, new, now)?;
        }
        let organisation = self.known(account)?.organisation;
        let row = HoldRow {
            id,
            account,
            organisation,
            amount,
            charged: Amount::ZERO,
            refunded: Amount::ZERO,
            state: HoldState::Open,
            task: new.task.clone(),
            device: new.device,
            quote: new.quote,
            counted: 0,
            made_at: now,
            until_at: new.until,
        };
        let counted = self.count(&row, amount)?;
        self.holds.put(HoldRow { counted, ..row });
        self.take_from_lots(id, account, amount, now)?;
        self.receipt(id)
    }

    /// Whether an account may spend so much. One that nobody opened has nothing, and may
    /// spend nothing.
    fn spends(
        &mut self,
        account: AccountId,
        amount: Amount,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let Some(row) = self.account(account).cloned() else {
            if !amount.is_zero() {
                return Err(Refusal::Insufficient { needed: amount, available: Amount::ZERO });
            }
            let open = Open { account, organisation: None, low_mark: Amount::ZERO };
            self.open(&open, now)?;
            return self.spends(account, amount, now);
        };
        if row.frozen == 1 {
            return Err(Refusal::Frozen(account));
        }
        if row.open_holds >= OPEN_HOLDS {
            return Err(Refusal::TooManyHolds(row.open_holds));
        }
        self.accounts.put(super::AccountRow { open_holds: row.open_holds + 1, ..row });
        Ok(())
    }

    fn take_from_lots(
        &mut self,
        hold: HoldId,
        account: AccountId,
        amount: Amount,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let Some(parts) = self.allot(account, amount, now) else {
            let available = self.available(account, now);
            return Err(Refusal::Insufficient { needed: amount, available });
        };
        let first = self.shares_of(hold).last().map_or(0, |share| share.place + 1);
        for (place, (lot, part)) in (first..).zip(parts) {
            let (free, held) = (less(lot.free, part), plus(lot.held, part));
            let id = lot.id;
            self.lots.put(LotRow { free, held, ..lot });
            let (charged, refunded) = (Amount::ZERO, Amount::ZERO);
            self.shares.put(ShareRow { hold, place, lot: id, amount: part, charged, refunded });
        }
        let mut row = self.known(account)?;
        row.held = sum(row.held, amount)?;
        self.accounts.put(row);
        Ok(())
    }

    pub(super) fn extend(
        &mut self,
        hold: HoldId,
        more: Amount,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Reply, Refusal> {
        let row = self.open_hold(hold)?;
        if self.known(row.account)?.frozen == 1 {
            return Err(Refusal::Frozen(row.account));
        }
        self.count_more(&row, more)?;
        self.take_from_lots(hold, row.account, more, now)?;
        // A hold without an end keeps none; one with an end is not cut short.
        let until_at = row.until_at.map(|old| until.map_or(old, |new| new.max(old)));
        let amount = sum(row.amount, more)?;
        self.holds.put(HoldRow { amount, until_at, ..row });
        self.receipt(hold)
    }

    pub(super) fn capture(
        &mut self,
        hold: HoldId,
        charge: Amount,
        now: Timestamp,
    ) -> Result<Reply, Refusal> {
        let row = self.open_hold(hold)?;
        if charge > row.amount {
            return Err(Refusal::OverHold { hold, charge, held: row.amount });
        }
        if charge.is_zero() {
            self.give_up(row, HoldState::Released, now);
            return self.receipt(hold);
        }
        self.uncount(&row, charge);
        self.no_longer_held(row.account, row.amount);
        self.post(row.account, EntryKind::Charged, charge, Some(hold), None, now);
        let mut missing = charge;
        for share in self.shares_of(hold) {
            let charged = share.amount.min(missing);
            missing = less(missing, charged);
            self.return_to_lot(share.lot, share.amount, charged, now);
            self.shares.put(ShareRow { charged, ..share });
        }
        self.holds.put(HoldRow { state: HoldState::Captured, charged: charge, ..row });
        self.receipt(hold)
    }

    pub(super) fn refund(
        &mut self,
        hold: HoldId,
        amount: Amount,
        now: Timestamp,
    ) -> Result<Reply, Refusal> {
        if amount.is_zero() {
            return Err(Refusal::Nothing);
        }
        let row = self.hold(hold)?;
        let left = less(row.charged, row.refunded);
        if amount > left {
            return Err(Refusal::OverRefund { hold, amount, left });
        }
        sum(self.known(row.account)?.posted, amount)?;
        self.give_back_room(&row, amount);
        self.post(row.account, EntryKind::Refunded, amount, Some(hold), None, now);
        let mut missing = amount;
        // What was taken last is given back first.
        for share in self.shares_of(hold).into_iter().rev() {
            let part = less(share.charged, share.refunded).min(missing);
            if part.is_zero() {
                continue;
            }
            missing = less(missing, part);
            self.unspend(&share, part, now);
            self.shares.put(ShareRow { refunded: plus(share.refunded, part), ..share });
        }
        self.holds.put(HoldRow { refunded: plus(row.refunded, amount), ..row });
        self.receipt(hold)
    }

    /// Gives a lot back what was spent of it; what has expired meanwhile lapses at once.
    fn unspend(&mut self, share: &ShareRow, part: Amount, now: Timestamp) {
        let Some(mut lot) = self.lots.get(&(share.lot,)).cloned() else { return };
        lot.spent = less(lot.spent, part);
        lot.free = plus(lot.free, part);
        let is_over = lot.until_at.is_some_and(|until| until <= now);
        self.lots.put(lot);
        if is_over {
            self.lapse(share.lot, now);
        }
    }
}
