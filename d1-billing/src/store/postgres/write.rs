//! Everything that a batch changes, in one statement.
//!
//! 1. The accounts come first: each is updated as it was last seen, and only so. When one is not
//!    there as it was, the statement ends here, and nothing is written.
//! 2. Every table with new rows is one insert, every table with changed ones one update. Rows
//!    travel as one array for each column.
//! 3. The rules of the schema are looked after when all rows are there.

use super::{
    super::{cells, cells::Cell},
    writing,
};
use crate::{
    BillingError,
    books::{
        AccountRow, Books, each_table,
        row::{Kind, Row, Table},
    },
};
use d1_core::AccountId;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, postgres::PgArguments, query::QueryScalar};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What tells one version of a row from every other: the transaction that wrote it.
pub(super) type Stamp = u32;

/// One column of the rows that are written.
enum Column {
    Names(Vec<Option<Uuid>>),
    Numbers(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
}

impl Column {
    fn new(kind: Kind, rows: usize) -> Self {
        match kind {
            Kind::Name => Self::Names(Vec::with_capacity(rows)),
            Kind::Number => Self::Numbers(Vec::with_capacity(rows)),
            Kind::Text => Self::Texts(Vec::with_capacity(rows)),
        }
    }

    /// Adds a cell; one of another kind is a nothing, which the schema refuses where it matters.
    fn push(&mut self, cell: Cell<'_>) {
        match self {
            Self::Names(names) => {
                names.push(if let Cell::Name(name) = cell { Some(name) } else { None });
            }
            Self::Numbers(numbers) => {
                numbers.push(if let Cell::Number(number) = cell { Some(number) } else { None });
            }
            Self::Texts(texts) => {
                texts.push(if let Cell::Text(text) = cell { Some(text.to_owned()) } else { None });
            }
        }
    }
}

/// Everything that a batch changes, as one statement that only waits to be sent.
#[derive(Default)]
pub(super) struct Statement {
    parts: Vec<String>,
    columns: Vec<Column>,
    /// The accounts that have to be there as they were seen: their stamps are parameter 1, and
    /// are known last.
    changed: Vec<AccountId>,
}

impl Statement {
    /// Everything that has changed; nothing when nothing has.
    pub(super) fn of(books: &mut Books) -> Result<Option<Self>, BillingError> {
        let mut statement = Self::default();
        statement.accounts(&books.accounts)?;
        each_table!(&mut *books, |table| statement.table(table)?);
        Ok((!statement.parts.is_empty()).then_some(statement))
    }

    /// Writes it, when the accounts are there as `seen`, and tells the stamp of what was written.
    pub(super) async fn send(
        self,
        db: &mut PgConnection,
        seen: &BTreeMap<AccountId, Stamp>,
    ) -> Result<Stamp, BillingError> {
        let Self { parts, columns, changed } = self;
        let there = if changed.is_empty() { "0" } else { "(SELECT count(*) FROM accounts)" };
        let sql = format!(
            "WITH {} SELECT all_as_seen({there}, cardinality($1)) || pg_current_xact_id()::text",
            parts.join(", ")
        );
        let stamp = |id| seen.get(&id).copied().unwrap_or_default().cast_signed();
        let stamps: Vec<i32> = changed.into_iter().map(stamp).collect();
        let query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(stamps);
        let query = columns.into_iter().fold(query, bind);
        let written: String = query.fetch_one(db).await.map_err(writing)?;
        let written = written.parse::<u64>().map_err(|_| BillingError::Damaged(written))?;
        // The server itself compares the lower half alone.
        Ok((written & u64::from(u32::MAX)) as Stamp)
    }
}

type Query<'q> = QueryScalar<'q, Postgres, String, PgArguments>;

fn bind(query: Query<'_>, column: Column) -> Query<'_> {
    match column {
        Column::Names(names) => query.bind(names),
        Column::Numbers(numbers) => query.bind(numbers),
        Column::Texts(texts) => query.bind(texts),
    }
}

impl Statement {
    /// Updates the accounts that changed.
    fn accounts(&mut self, table: &Table<AccountRow>) -> Result<(), BillingError> {
        let (_new, changed) = table.unsaved();
        if changed.is_empty() {
            return Ok(());
        }
        let columns: Vec<&str> =
            AccountRow::KEY.iter().chain(AccountRow::CHANGING).copied().collect();
        let source = self.unnest(&columns, &changed)?;
        let source = format!("{source}, $1");
        self.changed = changed.iter().map(|row| row.id).collect();
        self.parts.push(format!(
            "accounts AS ({} AND account.xmin = new.seen RETURNING 1)",
            update::<AccountRow>(&source, &[columns, vec!["seen"]].concat())
        ));
        Ok(())
    }

    fn table<R: Row>(&mut self, table: &Table<R>) -> Result<(), BillingError> {
        let (new, changed) = table.unsaved();
        let name = R::TABLE;
        if !new.is_empty() {
            let columns = R::COLUMNS.join(", ");
            let source = self.unnest(R::COLUMNS, &new)?;
            self.parts.push(format!(
                "new_{name} AS (INSERT INTO {name} ({columns}) SELECT * FROM unnest({source}))"
            ));
        }
        if !changed.is_empty() && name != AccountRow::TABLE {
            let columns: Vec<&str> = R::KEY.iter().chain(R::CHANGING).copied().collect();
            let source = self.unnest(&columns, &changed)?;
            self.parts.push(format!("old_{name} AS ({})", update::<R>(&source, &columns)));
        }
        Ok(())
    }

    /// Adds these columns of the rows, and tells the parameters that they are.
    fn unnest<R: Row>(&mut self, names: &[&str], rows: &[&R]) -> Result<String, BillingError> {
        let kind = |name: &&str| {
            let at = R::COLUMNS.iter().position(|column| column == name);
            at.and_then(|at| R::KINDS.get(at).map(|kind| (at, *kind)))
        };
        let wanted: Vec<(usize, Kind)> = names.iter().filter_map(kind).collect();
        let mut places = vec![None; R::COLUMNS.len()];
        for (place, (at, _kind)) in wanted.iter().enumerate() {
            places[*at] = Some(place);
        }
        let mut columns: Vec<Column> =
            wanted.iter().map(|(_at, kind)| Column::new(*kind, rows.len())).collect();
        for row in rows {
            let mut places = places.iter();
            let told = cells::each(*row, |cell| {
                if let Some(column) =
                    places.next().copied().flatten().and_then(|at| columns.get_mut(at))
                {
                    column.push(cell);
                }
            });
            told.map_err(|error| BillingError::Unavailable {
                doing: "write",
                source: error.into(),
            })?;
        }
        // The first parameter is taken.
        let first = self.columns.len() + 2;
        let parameters: Vec<String> =
            (first..first + columns.len()).map(|number| format!("${number}")).collect();
        self.columns.extend(columns);
        Ok(parameters.join(", "))
    }
}

fn update<R: Row>(source: &str, columns: &[&str]) -> String {
    let table = R::TABLE;
    let set: Vec<String> = R::CHANGING.iter().map(|name| format!("{name} = new.{name}")).collect();
    let same: Vec<String> =
        R::KEY.iter().map(|name| format!("{table}.{name} = new.{name}")).collect();
    let (set, same, columns) = (set.join(", "), same.join(" AND "), columns.join(", "));
    format!("UPDATE {table} SET {set} FROM unnest({source}) AS new ({columns}) WHERE {same}")
}
