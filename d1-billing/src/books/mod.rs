//! The books: one set of rules for every storage.
//!
//! A storage brings the rows that a command may need, [`Books::apply`] decides in memory what
//! becomes of them, and the storage writes what changed. What is refused is taken back whole.
//! The rules are here once; the databases hold them a second time, as constraints, for
//! whatever else may write to them.

mod apply;
mod caps;
mod lots;
pub(crate) mod row;
mod rows;
mod spend;
mod terms;
mod time;
mod verify;
pub(crate) mod view;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) use caps::{cap_ids_of_account, cap_ids_of_hold};
pub(crate) use rows::{
    AccountRow, CapRow, EntryRow, EventRow, HoldRow, LotRow, OutcomeRow, QuoteRow, RuleRow,
    ShareRow,
};

use d1_core::{AccountId, Amount, HoldId};
use row::Table;

/// The largest sum: what a signed column of 64 bits holds.
pub(crate) const LARGEST: Amount = Amount::micro(i64::MAX as u64);

/// How many holds of one account may be open: more would only lock up its own credits.
pub(crate) const OPEN_HOLDS: u32 = 10_000;

/// The books, or the part of them that some commands need.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) accounts: Table<AccountRow>,
    pub(crate) lots: Table<LotRow>,
    pub(crate) quotes: Table<QuoteRow>,
    pub(crate) holds: Table<HoldRow>,
    pub(crate) shares: Table<ShareRow>,
    pub(crate) entries: Table<EntryRow>,
    pub(crate) rules: Table<RuleRow>,
    pub(crate) caps: Table<CapRow>,
    pub(crate) outcomes: Table<OutcomeRow>,
    pub(crate) events: Table<EventRow>,
}

/// Does the same with every table, in an order in which each names only rows before it.
macro_rules! each_table {
    ($books:expr, |$table:ident| $work:expr) => {{
        let books = $books;
        {
            let $table = &mut books.accounts;
            $work;
        }
        {
            let $table = &mut books.lots;
            $work;
        }
        {
            let $table = &mut books.quotes;
            $work;
        }
        {
            let $table = &mut books.holds;
            $work;
        }
        {
            let $table = &mut books.shares;
            $work;
        }
        {
            let $table = &mut books.entries;
            $work;
        }
        {
            let $table = &mut books.rules;
            $work;
        }
        {
            let $table = &mut books.caps;
            $work;
        }
        {
            let $table = &mut books.outcomes;
            $work;
        }
        {
            let $table = &mut books.events;
            $work;
        }
    }};
}
pub(crate) use each_table;

impl Books {
    fn keep(&mut self) {
        each_table!(self, |table| table.keep());
    }

    fn take_back(&mut self) {
        each_table!(self, |table| table.take_back());
    }

    /// All changes are written.
    pub(crate) fn saved(&mut self) {
        each_table!(self, |table| table.saved());
    }

    fn shares_of(&self, hold: HoldId) -> Vec<ShareRow> {
        let mine = self.shares.from((hold, 0)).take_while(|share| share.hold == hold);
        mine.cloned().collect()
    }

    fn account(&self, id: AccountId) -> Option<&AccountRow> {
        self.accounts.get(&(id,))
    }
}
