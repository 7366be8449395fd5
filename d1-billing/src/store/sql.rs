//! What both databases are asked, and in which words.
//!
//! Rows travel as JSON, one document for each table: a statement is the same for one row and
//! for a thousand, and a row has the same fields in memory as columns in its table.
//!
//! 1. [`Needs`] says which rows a batch of commands may touch.
//! 2. The accounts come first; PostgreSQL locks them, in the order of their names.
//! 3. [`Dialect::first`] and [`Dialect::second`] are the rows that belong to them.
//! 4. [`Dialect::insert`] and [`Dialect::update`] write what changed.

use crate::{
    BillingError, Command, Key, Open, Operation, QuoteId,
    books::{
        Books, each_table,
        row::{Row, Table},
    },
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

    /// Writes new rows.
    pub(super) fn insert<R: Row>(self) -> String {
        let (table, columns) = (R::TABLE, R::COLUMNS.join(", "));
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => {
                let values: Vec<String> =
                    R::COLUMNS.iter().map(|column| format!("value ->> '{column}'")).collect();
                let values = values.join(", ");
                format!("INSERT INTO {table} ({columns}) SELECT {values} FROM json_each(?1)")
            }
            #[cfg(feature = "postgres")]
            Self::Postgres => format!(
                "INSERT INTO {table} ({columns}) SELECT {columns} \
                 FROM jsonb_populate_recordset(NULL::{table}, $1::jsonb)"
            ),
        }
    }

    /// Writes changed rows.
    pub(super) fn update<R: Row>(self) -> String {
        let table = R::TABLE;
        let others = R::COLUMNS.iter().filter(|column| !R::KEY.contains(column));
        let new = |column: &str| match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => format!("value ->> '{column}'"),
            #[cfg(feature = "postgres")]
            Self::Postgres => format!("new.{column}"),
        };
        let set: Vec<String> = others.map(|column| format!("{column} = {}", new(column))).collect();
        let same: Vec<String> =
            R::KEY.iter().map(|column| format!("{table}.{column} = {}", new(column))).collect();
        let source = match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => "json_each(?1)".to_owned(),
            #[cfg(feature = "postgres")]
            Self::Postgres => {
                format!("jsonb_populate_recordset(NULL::{table}, $1::jsonb) AS new")
            }
        };
        let (set, same) = (set.join(", "), same.join(" AND "));
        format!("UPDATE {table} SET {set} FROM {source} WHERE {same}")
    }

    /// What belongs to the accounts (1), keys (2), holds (3) and quotes (4) at a time (5):
    /// outcomes, holds, quotes, rules, and the lots that are not used up.
    pub(super) fn first(self) -> [String; 5] {
        use crate::books::{HoldRow, LotRow, OutcomeRow, QuoteRow, RuleRow};
        let now = match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => "?5",
            #[cfg(feature = "postgres")]
            Self::Postgres => "$5",
        };
        let mine = self.among("account", 1);
        let overdue = format!("{mine} AND state = 'open' AND until_at <= {now}");
        [
            self.select::<OutcomeRow>(&self.among("key", 2)),
            self.select::<HoldRow>(&format!("{} OR ({overdue})", self.among("id", 3))),
            self.select::<QuoteRow>(&self.among("id", 4)),
            self.select::<RuleRow>(&mine),
            self.select::<LotRow>(&format!("{mine} AND free + held > 0")),
        ]
    }

    /// What belongs to the holds (1) that were found, and the caps (2) that may count: shares,
    /// the lots they are of, and caps.
    pub(super) fn second(self) -> [String; 3] {
        use crate::books::{CapRow, LotRow, ShareRow};
        let shares = self.among("hold", 1);
        let caps = match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => "id IN (SELECT value FROM json_each(?2))",
            #[cfg(feature = "postgres")]
            Self::Postgres => "id = ANY ($2::text[])",
        };
        [
            self.select::<ShareRow>(&shares),
            self.select::<LotRow>(&format!("id IN (SELECT lot FROM share WHERE {shares})")),
            self.select::<CapRow>(caps),
        ]
    }

    /// Everything there is about account (1), for the verifier: the account, lots, holds,
    /// shares, entries and caps.
    pub(super) fn everything(self) -> [String; 6] {
        use crate::books::{AccountRow, CapRow, EntryRow, HoldRow, LotRow, ShareRow};
        let account = match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => "?1",
            #[cfg(feature = "postgres")]
            Self::Postgres => "$1::text::uuid",
        };
        let mine = format!("account = {account}");
        let holds = format!("{mine} OR organisation = {account}");
        [
            self.select::<AccountRow>(&format!("id = {account}")),
            self.select::<LotRow>(&mine),
            self.select::<HoldRow>(&holds),
            self.select::<ShareRow>(&format!("hold IN (SELECT id FROM hold WHERE {mine})")),
            self.select::<EntryRow>(&mine),
            self.select::<CapRow>(&mine),
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

/// A statement that writes, and its rows.
pub(super) struct Write {
    pub(super) sql: String,
    pub(super) rows: String,
}

/// Everything that has to be written, in its order.
pub(super) fn writes(books: &mut Books, dialect: Dialect) -> Result<Vec<Write>, serde_json::Error> {
    let mut writes = Vec::new();
    each_table!(books, |table| write(table, dialect, &mut writes)?);
    Ok(writes)
}

fn write<R: Row>(
    table: &Table<R>,
    dialect: Dialect,
    writes: &mut Vec<Write>,
) -> Result<(), serde_json::Error> {
    let (new, changed) = table.unsaved();
    if !new.is_empty() {
        writes.push(Write { sql: dialect.insert::<R>(), rows: serde_json::to_string(&new)? });
    }
    if !changed.is_empty() {
        writes.push(Write { sql: dialect.update::<R>(), rows: serde_json::to_string(&changed)? });
    }
    Ok(())
}
