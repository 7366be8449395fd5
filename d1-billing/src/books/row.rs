//! One table of the books, with an undo.

use crate::{CapScope, EntryKind, EventId, HoldState, Key, LotId, QuoteId, Source};
use d1_core::{AccountId, Amount, DeviceId, HoldId, Timestamp};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet};

/// What a column holds, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Name,
    Number,
    Text,
}

/// What a column has to be, to hold this.
pub(crate) trait Field {
    const KIND: Kind;
}

macro_rules! fields {
    ($($kind:ident: $($ty:ty),+;)*) => {$($(
        impl Field for $ty {
            const KIND: Kind = Kind::$kind;
        }
    )+)*};
}

fields! {
    Name: AccountId, DeviceId, EventId, HoldId, Key, LotId, QuoteId;
    Number: Amount, Timestamp, u8, u32, u64;
    Text: CapScope, EntryKind, HoldState, Source, String;
}

impl<T: Field> Field for Option<T> {
    const KIND: Kind = T::KIND;
}

/// What is kept, under the same names in memory and in databases.
pub(crate) trait Row: Clone + PartialEq + Serialize + DeserializeOwned {
    /// What it is found by.
    type Key: Clone + Ord;

    /// The name of its table.
    const TABLE: &'static str;
    /// The columns it is found by.
    const KEY: &'static [&'static str];
    /// All columns, in their order.
    const COLUMNS: &'static [&'static str];
    /// What each of them holds.
    const KINDS: &'static [Kind];
    /// The columns that may change while the row is there.
    const CHANGING: &'static [&'static str];

    fn key(&self) -> Self::Key;

    /// The account that has to look at it before it spends, as long as it has to, and when it
    /// ends.
    fn live_in(&self) -> Option<(AccountId, Timestamp)> {
        None
    }
}

macro_rules! row {
    (
        $(#[$doc:meta])*
        $name:ident in $table:literal by ($($key:ident: $kty:ty),+)
            changing [$($changing:ident),*] live $live:expr;
        $($(#[$about:meta])* $field:ident: $ty:ty,)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, ::serde::Serialize, ::serde::Deserialize)]
        pub(crate) struct $name { $($(#[$about])* pub(crate) $field: $ty,)* }

        impl $crate::books::row::Row for $name {
            type Key = ($($kty,)+);
            const TABLE: &'static str = $table;
            const KEY: &'static [&'static str] = &[$(stringify!($key)),+];
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),*];
            const KINDS: &'static [$crate::books::row::Kind] =
                &[$(<$ty as $crate::books::row::Field>::KIND),*];
            const CHANGING: &'static [&'static str] = &[$(stringify!($changing)),*];

            fn key(&self) -> Self::Key {
                ($(self.$key.clone(),)+)
            }

            fn live_in(&self) -> Option<(::d1_core::AccountId, ::d1_core::Timestamp)> {
                let live: fn(&Self) -> Option<(::d1_core::AccountId, ::d1_core::Timestamp)> = $live;
                live(self)
            }
        }
    };
}
pub(crate) use row;

/// Rows by their keys. What is put since the last [`Table::keep`] can be taken back.
#[derive(Debug)]
pub(crate) struct Table<R: Row> {
    rows: BTreeMap<R::Key, R>,
    /// What an account has to look at, in the order in which it ends.
    live: BTreeMap<AccountId, BTreeSet<(Timestamp, R::Key)>>,
    undo: Vec<(R::Key, Option<R>)>,
    /// What is written at the next save, and whether it is new.
    unsaved: BTreeMap<R::Key, bool>,
    /// What the storage brought since the last save.
    loaded: Vec<R::Key>,
}

impl<R: Row> Default for Table<R> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            live: BTreeMap::new(),
            undo: Vec::new(),
            unsaved: BTreeMap::new(),
            loaded: Vec::new(),
        }
    }
}

impl<R: Row> Table<R> {
    pub(crate) fn get(&self, key: &R::Key) -> Option<&R> {
        self.rows.get(key)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &R> {
        self.rows.values()
    }

    pub(crate) fn from(&self, key: R::Key) -> impl Iterator<Item = &R> {
        self.rows.range(key..).map(|(_key, row)| row)
    }

    /// The rows that `account` has to look at.
    pub(crate) fn live(&self, account: AccountId) -> impl Iterator<Item = &R> {
        let mine = self.live.get(&account).into_iter().flatten();
        mine.filter_map(|(_end, key)| self.rows.get(key))
    }

    /// Those of them that end by this time, the earliest first.
    pub(crate) fn due(&self, account: AccountId, now: Timestamp) -> impl Iterator<Item = &R> {
        let mine = self.live.get(&account).into_iter().flatten();
        mine.take_while(move |(end, _key)| *end <= now).filter_map(|(_end, key)| self.rows.get(key))
    }

    /// Puts a row, in place of the one with the same key.
    pub(crate) fn put(&mut self, row: R) {
        let key = row.key();
        let before = self.set(key.clone(), Some(row));
        self.undo.push((key, before));
    }

    /// What was put stays.
    pub(crate) fn keep(&mut self) {
        for (key, before) in self.undo.drain(..) {
            self.unsaved.entry(key).or_insert(before.is_none());
        }
    }

    /// Puts a row again as it is, so that it is written and everybody sees that it was.
    pub(crate) fn touch(&mut self, key: &R::Key) {
        if self.rows.contains_key(key) {
            self.unsaved.entry(key.clone()).or_insert(false);
        }
    }

    /// What was put since then is taken back.
    pub(crate) fn take_back(&mut self) {
        while let Some((key, before)) = self.undo.pop() {
            self.set(key, before);
        }
    }

    /// A row as the storage has it.
    pub(crate) fn load(&mut self, row: R) {
        let key = row.key();
        self.loaded.push(key.clone());
        self.set(key, Some(row));
    }

    /// What has to be written: the new rows, and the changed ones.
    pub(crate) fn unsaved(&self) -> (Vec<&R>, Vec<&R>) {
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for (key, is_new) in &self.unsaved {
            if let Some(row) = self.rows.get(key) {
                if *is_new { new.push(row) } else { changed.push(row) }
            }
        }
        (new, changed)
    }

    /// All is written.
    pub(crate) fn saved(&mut self) {
        self.unsaved.clear();
        self.loaded.clear();
    }

    /// All is written; tells the keys of what was, and of what was read for it.
    pub(crate) fn passed(&mut self) -> Vec<R::Key> {
        let mut keys = std::mem::take(&mut self.loaded);
        keys.extend(std::mem::take(&mut self.unsaved).into_keys());
        keys
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Removes what the storage no longer has.
    pub(crate) fn forget(&mut self, key: &R::Key) {
        self.set(key.clone(), None);
    }

    fn set(&mut self, key: R::Key, row: Option<R>) -> Option<R> {
        let live = row.as_ref().and_then(Row::live_in);
        let before = match row {
            Some(row) => self.rows.insert(key.clone(), row),
            None => self.rows.remove(&key),
        };
        let was_live = before.as_ref().and_then(Row::live_in);
        if was_live != live {
            if let Some((account, end)) = was_live
                && let Some(keys) = self.live.get_mut(&account)
            {
                keys.remove(&(end, key.clone()));
            }
            if let Some((account, end)) = live {
                self.live.entry(account).or_default().insert((end, key));
            }
        }
        before
    }
}
