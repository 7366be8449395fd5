//! Which account the holds of late are of, so that what ends a hold goes where it was made.
//!
//! It need not be complete: what is not known here is looked up, and is only slower.

use d1_core::{AccountId, HoldId};
use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, PoisonError},
};

/// How many holds one half remembers; when it is full, the older half is forgotten.
const HALF: usize = 65_536;

/// The accounts of the latest holds.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<Halves>);

#[derive(Debug, Default)]
struct Halves {
    newer: HashMap<HoldId, AccountId>,
    older: HashMap<HoldId, AccountId>,
}

impl Recent {
    /// This hold will be of that account.
    pub(super) fn remember(&self, hold: HoldId, account: AccountId) {
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if halves.newer.len() >= HALF {
            halves.older = mem::take(&mut halves.newer);
        }
        halves.newer.insert(hold, account);
    }

    /// The account of a hold, when it is remembered.
    pub(super) fn account(&self, hold: HoldId) -> Option<AccountId> {
        let halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        halves.newer.get(&hold).or_else(|| halves.older.get(&hold)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold(number: usize) -> HoldId {
        HoldId::from_bytes((number as u128).to_be_bytes())
    }

    #[test]
    fn the_latest_holds_are_remembered_and_no_more_than_two_halves() {
        let (recent, account) = (Recent::default(), AccountId::from_bytes([1; 16]));
        for number in 0..3 * HALF {
            recent.remember(hold(number), account);
        }
        assert_eq!(recent.account(hold(0)), None);
        assert_eq!(recent.account(hold(2 * HALF - 1)), Some(account));
        assert_eq!(recent.account(hold(3 * HALF - 1)), Some(account));
        let halves = recent.0.lock().unwrap();
        assert!(halves.newer.len() + halves.older.len() <= 2 * HALF);
    }
}
