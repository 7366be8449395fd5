//! What both databases are asked, and in which words.
//!
//! Rows come as JSON, one document for each table: a row has the same fields in memory as
//! columns in its table.
//!
//! 1. [`Needs`] says which rows a batch of commands may touch.
//! 2. The accounts come first; PostgreSQL locks them, in the order of their names.
//! 3. Everything else is found by the names of accounts, or by its own.

use crate::{
    BillingError, Command, Key, Open, Operation, QuoteId,
    books::row::{Row, Table},
};
use d1_core::{AccountId, HoldId, Timestamp};
use std::collections::BTreeSet;

/// Which rows a batch of commands may touch.
#[derive(Debug, Default)]
pub(super) struct Needs {
    pub(super) keys: Vec<Key>,
    pub(super) accounts: BTreeSet<AccountId>,
    pub(super) holds: BTreeSet<HoldId>,
    pub(super) quotes: BTreeSet<QuoteId>,
    pub(super) now: Timestamp,
}

impl Needs {
    pub(super) fn of<'a>(commands: impl Iterator<Item = (&'a Command, Timestamp)>) -> Self {
        let mut needs = Self::default();
        for (Command { key, operation }, now) in commands {
            needs.keys.push(*key);
            needs.accounts.extend(operation.account());
            needs.holds.extend(operation.hold());
            needs.quotes.extend(operation.quote());
            needs.now = needs.now.max(now);
            if let Operation::Open(Open { organisation: Some(organisation), .. }) = operation {
                needs.accounts.insert(*organisation);
            }
        }
        needs
    }

    /// What is needed to look at an account.
    pub(super) fn to_look_at(account: AccountId, now: Timestamp) -> Self {
        Self { accounts: BTreeSet::from([account]), now, ..Self::default() }
    }
}

/// Which database is spoken to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Dialect {
    #[cfg(feature = "sqlite")]
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres,
}

impl Dialect {
    /// The rows of a table for which `condition` is true, as one JSON array.
    pub(super) fn select<R: Row>(self, condition: &str) -> String {
        let table = R::TABLE;
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => {
                let fields: Vec<String> =
                    R::COLUMNS.iter().map(|column| format!("'{column}', {column}")).collect();
                let fields = fields.join(", ");
                format!(
                    "SELECT json_group_array(json_object({fields})) FROM {table} WHERE {condition}"
                )
            }
            #[cfg(feature = "postgres")]
            Self::Postgres => format!(
                "SELECT coalesce(jsonb_agg(to_jsonb({table})), '[]')::text \
                 FROM {table} WHERE {condition}"
            ),
        }
    }

    /// Whether a column of names is among those in parameter `n`.
    pub(super) fn among(self, column: &str, n: usize) -> String {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => format!("{column} IN (SELECT value FROM json_each(?{n}))"),
            #[cfg(feature = "postgres")]
            Self::Postgres => format!("{column} = ANY (${n}::text[]::uuid[])"),
        }
    }

    /// Which rows there are about account (1), for the verifier: the account, lots, holds,
    /// shares, entries and caps.
    pub(super) fn everything(self) -> [String; 6] {
        let account = match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => "?1",
            #[cfg(feature = "postgres")]
            Self::Postgres => "$1::text::uuid",
        };
        let mine = format!("account = {account}");
        [
            format!("id = {account}"),
            mine.clone(),
            format!("{mine} OR organisation = {account}"),
            format!("hold IN (SELECT id FROM hold WHERE {mine})"),
            mine.clone(),
            mine,
        ]
    }
}

/// Puts the rows of a JSON array into their table.
pub(super) fn fill<R: Row>(table: &mut Table<R>, json: &str) -> Result<(), BillingError> {
    for row in read(json)? {
        table.load(row);
    }
    Ok(())
}

/// The rows of a JSON array.
pub(super) fn read<R: Row>(json: &str) -> Result<Vec<R>, BillingError> {
    serde_json::from_str(json).map_err(|error| {
        BillingError::Damaged(format!("a row of `{}` cannot be read: {error}", R::TABLE))
    })
}
