//! Reading rows for a batch, and writing what became of them.

use super::{
    super::{cells, cells::Cell, shelf::Shelf, sql},
    int, trouble,
};
use crate::{
    BillingError, Command,
    books::{
        AccountRow, Books, CapRow, HoldRow, LotRow, OutcomeRow, QuoteRow, RuleRow, ShareRow,
        cap_ids_of_account, each_table,
        row::{Row, Table},
    },
};
use d1_core::{AccountId, HoldId, Timestamp};
use rusqlite::{Connection, Params, Statement, types::Null};
use sql::{Dialect, Needs, fill, read};
use std::{collections::BTreeSet, fmt::Display};
use uuid::Uuid;

pub(super) const LITE: Dialect = Dialect::Sqlite;

/// One column of one row.
pub(super) fn one(db: &Connection, sql: &str, rows: impl Params) -> Result<String, BillingError> {
    let ask = || db.prepare_cached(sql)?.query_row(rows, |row| row.get(0));
    ask().map_err(trouble)
}

/// Names as a JSON array.
pub(super) fn list<T: Display>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("\"{name}\"")).collect();
    format!("[{}]", names.join(","))
}

/// The rows whose `column` is one of the names.
fn among<R: Row, T: Display>(
    db: &Connection,
    column: &str,
    names: impl IntoIterator<Item = T>,
) -> Result<String, BillingError> {
    let names = list(names);
    if names == "[]" {
        return Ok(names);
    }
    one(db, &LITE.select::<R>(&LITE.among(column, 1)), [names])
}

/// The part of the books that is needed to look something up.
pub(super) fn look(db: &Connection, needs: &Needs) -> Result<Books, BillingError> {
    let mut shelf = Shelf::default();
    load(db, &mut shelf, needs, &[])?;
    let mut books = shelf.books;
    let ids: Vec<String> = needs
        .accounts
        .iter()
        .flat_map(|account| {
            let seen = books.accounts.get(&(*account,)).map_or(needs.now, |row| row.seen_at);
            cap_ids_of_account(*account, seen.max(needs.now))
        })
        .collect();
    load_caps(db, &mut books, &ids)?;
    Ok(books)
}

/// Brings what is needed onto the shelf.
pub(super) fn load(
    db: &Connection,
    shelf: &mut Shelf,
    needs: &Needs,
    commands: &[Command],
) -> Result<(), BillingError> {
    let books = &mut shelf.books;
    fill(&mut books.outcomes, &among::<OutcomeRow, _>(db, "key", &needs.keys)?)?;
    fill(&mut books.quotes, &among::<QuoteRow, _>(db, "id", &needs.quotes)?)?;
    let named: Vec<HoldRow> = read(&among::<HoldRow, _>(db, "id", &needs.holds)?)?;
    let mut accounts = needs.accounts.clone();
    accounts.extend(named.iter().map(|hold| hold.account));
    accounts.retain(|account| !shelf.is_whole(*account, needs.now));
    let mut holds: Vec<HoldId> = named.iter().map(|hold| hold.id).collect();
    for hold in named {
        shelf.books.holds.load(hold);
    }
    if !accounts.is_empty() {
        holds.extend(load_accounts(db, shelf, &accounts, needs.now)?);
    }
    if !holds.is_empty() {
        load_shares(db, &mut shelf.books, &holds)?;
    }
    let ids = shelf.missing_caps(commands, &holds, needs.now);
    load_caps(db, &mut shelf.books, &ids)?;
    shelf.has_caps(ids);
    Ok(())
}

/// These accounts, their organisations, and everything of both that may matter now; tells
/// which holds are overdue.
fn load_accounts(
    db: &Connection,
    shelf: &mut Shelf,
    accounts: &BTreeSet<AccountId>,
    now: Timestamp,
) -> Result<Vec<HoldId>, BillingError> {
    let named = LITE.among("id", 1);
    let members = format!("SELECT organisation FROM {} WHERE {named}", AccountRow::TABLE);
    let owners = LITE.select::<AccountRow>(&format!("{named} OR id IN ({members})"));
    let owners: Vec<AccountRow> = read(&one(db, &owners, [list(accounts)])?)?;
    let ids = list(owners.iter().map(|row| row.id));
    // The clock of an account may be ahead.
    let now = owners.iter().map(|row| row.seen_at).max().unwrap_or_default().max(now);
    let mine = LITE.among("account", 1);
    let books = &mut shelf.books;
    fill(&mut books.rules, &one(db, &LITE.select::<RuleRow>(&mine), [&ids])?)?;
    let lots = LITE.select::<LotRow>(&format!("{mine} AND free + held > 0"));
    fill(&mut books.lots, &one(db, &lots, [&ids])?)?;
    let open = format!("{mine} AND state = 'open' AND until_at");
    let overdue = LITE.select::<HoldRow>(&format!("{open} <= ?2"));
    let overdue: Vec<HoldRow> = read(&one(db, &overdue, (&ids, int(now.0)))?)?;
    let found = overdue.iter().map(|hold| hold.id).collect();
    for hold in overdue {
        books.holds.load(hold);
    }
    let table = HoldRow::TABLE;
    let ends = format!(
        "SELECT min(until_at) FROM {table} WHERE account = ?1 AND state = 'open' AND until_at > ?2"
    );
    let mut ends = db.prepare_cached(&ends).map_err(trouble)?;
    for owner in owners {
        let first = ends.query_row((owner.id.to_string(), int(now.0)), |row| row.get(0));
        let first: Option<i64> = first.map_err(trouble)?;
        let until = first.and_then(|at| u64::try_from(at).ok()).map(Timestamp);
        shelf.has_whole(owner.id, until);
        shelf.books.accounts.load(owner);
    }
    Ok(found)
}

/// What these holds consist of, and what of.
fn load_shares(db: &Connection, books: &mut Books, holds: &[HoldId]) -> Result<(), BillingError> {
    let holds = list(holds);
    let shares = LITE.among("hold", 1);
    fill(&mut books.shares, &one(db, &LITE.select::<ShareRow>(&shares), [&holds])?)?;
    let lots = format!("id IN (SELECT lot FROM {} WHERE {shares})", ShareRow::TABLE);
    fill(&mut books.lots, &one(db, &LITE.select::<LotRow>(&lots), [&holds])?)
}

fn load_caps(db: &Connection, books: &mut Books, ids: &[String]) -> Result<(), BillingError> {
    if ids.is_empty() {
        return Ok(());
    }
    let names = serde_json::to_string(ids).map_err(|error| BillingError::Unavailable {
        doing: "ask for caps",
        source: error.into(),
    })?;
    fill(&mut books.caps, &one(db, &LITE.select::<CapRow>(&LITE.among("id", 1)), [names])?)
}

/// Writes everything that has changed; tells whether something had.
pub(super) fn save(db: &Connection, books: &mut Books) -> rusqlite::Result<bool> {
    let mut rows = 0;
    each_table!(books, |table| rows += save_table(db, table)?);
    Ok(rows > 0)
}

fn save_table<R: Row>(db: &Connection, table: &Table<R>) -> rusqlite::Result<usize> {
    let (new, changed) = table.unsaved();
    if !new.is_empty() {
        let mut insert = db.prepare_cached(&insert::<R>())?;
        for row in &new {
            execute(&mut insert, *row)?;
        }
    }
    if !changed.is_empty() {
        let mut update = db.prepare_cached(&update::<R>())?;
        for row in &changed {
            execute(&mut update, *row)?;
        }
    }
    Ok(new.len() + changed.len())
}

fn insert<R: Row>() -> String {
    let places: Vec<String> = (1..=R::COLUMNS.len()).map(|n| format!("?{n}")).collect();
    let (table, columns, places) = (R::TABLE, R::COLUMNS.join(", "), places.join(", "));
    format!("INSERT INTO {table} ({columns}) VALUES ({places})")
}

/// A column has the same number here as when it is inserted.
fn update<R: Row>() -> String {
    let equations = |which: &[&str], between: &str| {
        let columns = R::COLUMNS.iter().zip(1..).filter(|(column, _)| which.contains(column));
        let equations: Vec<String> =
            columns.map(|(column, n)| format!("{column} = ?{n}")).collect();
        equations.join(between)
    };
    let (set, same) = (equations(R::CHANGING, ", "), equations(R::KEY, " AND "));
    format!("UPDATE {} SET {set} WHERE {same}", R::TABLE)
}

/// Runs a statement with the cells of a row, as far as it has places for them.
fn execute<R: Row>(statement: &mut Statement<'_>, row: &R) -> rusqlite::Result<()> {
    let (places, mut place, mut bound) = (statement.parameter_count(), 0, Ok(()));
    let told = cells::each(row, |cell| {
        place += 1;
        if place <= places && bound.is_ok() {
            bound = bind(statement, place, cell);
        }
    });
    told.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    bound?;
    statement.raw_execute().map(drop)
}

fn bind(statement: &mut Statement<'_>, place: usize, cell: Cell<'_>) -> rusqlite::Result<()> {
    match cell {
        Cell::Nothing => statement.raw_bind_parameter(place, Null),
        Cell::Number(number) => statement.raw_bind_parameter(place, number),
        Cell::Text(text) => statement.raw_bind_parameter(place, text),
        Cell::Name(name) => {
            let mut text = Uuid::encode_buffer();
            statement.raw_bind_parameter(place, &*name.hyphenated().encode_lower(&mut text))
        }
    }
}
