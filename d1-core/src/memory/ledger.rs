//! A [`CreditLedger`] that forgets when dropped.

use crate::{AccountId, Amount, CreditLedger, HoldId, HoldRequest, LedgerError};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A [`CreditLedger`] that forgets when dropped.
#[derive(Debug, Default)]
pub struct MemoryLedger(Mutex<Books>);

#[derive(Debug, Default)]
struct Books {
    available: HashMap<AccountId, Amount>,
    holds: HashMap<HoldId, Hold>,
    charged: Amount,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hold {
    account: AccountId,
    most: Amount,
    settled: Option<Amount>,
}

impl MemoryLedger {
    /// Adds credits to an account; false when that would be more than an amount can hold.
    #[must_use]
    pub fn deposit(&self, account: AccountId, amount: Amount) -> bool {
        let mut books = self.books();
        let balance = books.available.entry(account).or_default();
        match balance.checked_add(amount) {
            Some(sum) => {
                *balance = sum;
                true
            }
            None => false,
        }
    }

    /// Everything there is: available, held, and charged. Only a deposit changes it.
    #[must_use]
    pub fn total(&self) -> Amount {
        let books = self.books();
        let open = |hold: &&Hold| hold.settled.is_none();
        let held = books.holds.values().filter(open).map(|hold| hold.most);
        books.available.values().copied().chain(held).chain([books.charged]).sum()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl CreditLedger for MemoryLedger {
    async fn available(&self, account: AccountId) -> Result<Amount, LedgerError> {
        Ok(self.books().available.get(&account).copied().unwrap_or_default())
    }

    async fn hold(&self, hold: &HoldRequest) -> Result<(), LedgerError> {
        let HoldRequest { id: hold, account, most, .. } = *hold;
        let mut books = self.books();
        if let Some(known) = books.holds.get(&hold) {
            let same = known.account == account && known.most == most;
            return if same { Ok(()) } else { Err(LedgerError::Conflict(hold)) };
        }
        let available = books.available.get(&account).copied().unwrap_or_default();
        let rest = available
            .checked_sub(most)
            .ok_or(LedgerError::Insufficient { needed: most, available })?;
        books.available.insert(account, rest);
        books.holds.insert(hold, Hold { account, most, settled: None });
        Ok(())
    }

    async fn settle(&self, hold: HoldId, charge: Amount) -> Result<(), LedgerError> {
        let mut books = self.books();
        let known = *books.holds.get(&hold).ok_or(LedgerError::NoHold(hold))?;
        if let Some(settled) = known.settled {
            return if settled == charge { Ok(()) } else { Err(LedgerError::Conflict(hold)) };
        }
        let over = LedgerError::OverHold { hold, charge, held: known.most };
        let rest = known.most.checked_sub(charge).ok_or(over)?;
        let available = books.available.get(&known.account).copied().unwrap_or_default();
        // Both were part of one total before, so neither sum can be too large.
        let available = available.checked_add(rest).unwrap_or(available);
        let charged = books.charged.checked_add(charge).unwrap_or(books.charged);
        books.available.insert(known.account, available);
        books.charged = charged;
        books.holds.insert(hold, Hold { settled: Some(charge), ..known });
        Ok(())
    }
}
