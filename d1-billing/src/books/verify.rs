//! Recomputes everything that is stored twice, and names the first difference.
//!
//! The entries are the truth for what an account owns and for what each hold was charged and
//! given back; the shares are the truth for what each lot holds and spent; the holds are the
//! truth for what is held and how far the caps are used.

use super::{AccountRow, Books, HoldRow, LotRow, caps::counts};
use crate::{Difference, EntryKind, HoldState};
use d1_core::{AccountId, Amount, HoldId};
use std::collections::BTreeMap;

/// One side of a comparison, wide enough for every sum.
type Sum = i128;

fn wide(amount: Amount) -> Sum {
    Sum::from(amount.as_micro())
}

struct Check {
    account: AccountId,
}

impl Check {
    fn same(&self, what: impl Into<String>, stored: Sum, computed: Sum) -> Result<(), Difference> {
        if stored == computed {
            return Ok(());
        }
        let account = self.account;
        Err(Difference { account, what: what.into(), stored, computed })
    }
}

impl Books {
    /// Recomputes one account, all of whose rows have to be here.
    pub(crate) fn verify(&self, account: AccountId) -> Result<(), Difference> {
        let check = Check { account };
        let Some(row) = self.account(account) else {
            return check.same("account", 0, 1);
        };
        self.verify_history(&check, row)?;
        self.verify_holds(&check, row)?;
        self.verify_lots(&check, row)?;
        self.verify_caps(&check)
    }

    fn verify_history(&self, check: &Check, row: &AccountRow) -> Result<(), Difference> {
        let mut sum = 0;
        let mut seq = 0;
        let entries = self.entries.from((row.id, 0)).take_while(|entry| entry.account == row.id);
        for entry in entries {
            seq += 1;
            check.same(format!("number of entry {seq}"), entry.seq.into(), seq)?;
            check.same(format!("opening of entry {seq}"), wide(entry.before), sum)?;
            sum += match entry.kind {
                EntryKind::Opened => 0,
                EntryKind::Granted | EntryKind::Refunded => wide(entry.amount),
                EntryKind::Charged | EntryKind::Lapsed => -wide(entry.amount),
            };
            check.same(format!("closing of entry {seq}"), wide(entry.after), sum)?;
        }
        check.same("count of entries", row.entries.into(), seq)?;
        check.same("posted", wide(row.posted), sum)
    }

    fn verify_holds(&self, check: &Check, row: &AccountRow) -> Result<(), Difference> {
        let mut charged: BTreeMap<HoldId, Sum> = BTreeMap::new();
        let mut refunded: BTreeMap<HoldId, Sum> = BTreeMap::new();
        let entries = self.entries.from((row.id, 0)).take_while(|entry| entry.account == row.id);
        for entry in entries {
            let Some(hold) = entry.hold else { continue };
            match entry.kind {
                EntryKind::Charged => *charged.entry(hold).or_default() += wide(entry.amount),
                EntryKind::Refunded => *refunded.entry(hold).or_default() += wide(entry.amount),
                EntryKind::Opened | EntryKind::Granted | EntryKind::Lapsed => {}
            }
        }
        let (mut held, mut open) = (0, 0);
        for hold in self.holds.all().filter(|hold| hold.account == row.id) {
            let of = |sums: &BTreeMap<HoldId, Sum>| sums.get(&hold.id).copied().unwrap_or(0);
            check.same(format!("charged of hold {}", hold.id), wide(hold.charged), of(&charged))?;
            check.same(
                format!("refunded of hold {}", hold.id),
                wide(hold.refunded),
                of(&refunded),
            )?;
            self.verify_shares(check, hold)?;
            if hold.state == HoldState::Open {
                held += wide(hold.amount);
                open += 1;
            }
        }
        check.same("held", wide(row.held), held)?;
        check.same("count of open holds", row.open_holds.into(), open)
    }

    fn verify_shares(&self, check: &Check, hold: &HoldRow) -> Result<(), Difference> {
        let shares = self.shares_of(hold.id);
        let sum = |of: fn(&super::ShareRow) -> Amount| shares.iter().map(|one| wide(of(one))).sum();
        check.same(format!("amount of hold {}", hold.id), wide(hold.amount), sum(|s| s.amount))?;
        let charged = format!("charged shares of hold {}", hold.id);
        check.same(charged, wide(hold.charged), sum(|s| s.charged))?;
        let refunded = format!("refunded shares of hold {}", hold.id);
        check.same(refunded, wide(hold.refunded), sum(|s| s.refunded))
    }

    fn verify_lots(&self, check: &Check, row: &AccountRow) -> Result<(), Difference> {
        let mut owned = 0;
        for lot in self.lots.all().filter(|lot| lot.account == row.id) {
            owned += wide(lot.free) + wide(lot.held);
            self.verify_lot(check, lot)?;
        }
        check.same("credits in lots", wide(row.posted), owned)
    }

    fn verify_lot(&self, check: &Check, lot: &LotRow) -> Result<(), Difference> {
        let (mut held, mut spent) = (0, 0);
        for share in self.shares.all().filter(|share| share.lot == lot.id) {
            spent += wide(share.charged) - wide(share.refunded);
            let hold = self.holds.get(&(share.hold,));
            if hold.is_some_and(|hold| hold.state == HoldState::Open) {
                held += wide(share.amount);
            }
        }
        let entries = self.entries.from((lot.account, 0));
        let mine = entries.take_while(|entry| entry.account == lot.account);
        let (mut granted, mut lapsed) = (0, 0);
        for entry in mine.filter(|entry| entry.lot == Some(lot.id)) {
            match entry.kind {
                EntryKind::Granted => granted += wide(entry.amount),
                EntryKind::Lapsed => lapsed += wide(entry.amount),
                EntryKind::Opened | EntryKind::Charged | EntryKind::Refunded => {}
            }
        }
        let parts = wide(lot.free) + wide(lot.held) + wide(lot.spent) + wide(lot.lapsed);
        check.same(format!("amount of lot {}", lot.id), wide(lot.amount), granted)?;
        check.same(format!("held of lot {}", lot.id), wide(lot.held), held)?;
        check.same(format!("spent of lot {}", lot.id), wide(lot.spent), spent)?;
        check.same(format!("lapsed of lot {}", lot.id), wide(lot.lapsed), lapsed)?;
        check.same(format!("parts of lot {}", lot.id), parts, granted)
    }

    fn verify_caps(&self, check: &Check) -> Result<(), Difference> {
        for cap in self.caps.all().filter(|cap| cap.account == check.account) {
            let (mut held, mut used) = (0, 0);
            for hold in self.holds.all().filter(|hold| counts(hold, &cap.id)) {
                match hold.state {
                    HoldState::Open => held += wide(hold.amount),
                    HoldState::Captured => used += wide(hold.charged) - wide(hold.refunded),
                    HoldState::Released | HoldState::Expired => {}
                }
            }
            check.same(format!("held of cap {}", cap.id), wide(cap.held), held)?;
            check.same(format!("used of cap {}", cap.id), wide(cap.used), used)?;
        }
        Ok(())
    }
}
