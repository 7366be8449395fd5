//! Reading rows for a batch, and writing what became of them.

use super::{super::sql, int, trouble};
use crate::{
    BillingError, Command,
    books::{AccountRow, Books, cap_ids_of_account, row::Row},
};
use rusqlite::{Connection, Params};
use sql::{Dialect, Needs, fill};
use std::fmt::Display;

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

/// The part of the books that these commands need.
pub(super) fn load(
    db: &Connection,
    needs: &Needs,
    commands: &[Command],
) -> Result<Books, BillingError> {
    let mut books = Books::default();
    let (keys, holds, quotes) = (list(&needs.keys), list(&needs.holds), list(&needs.quotes));
    let named = list(&needs.accounts);
    let owners = format!(
        "{} OR id IN (SELECT account FROM hold WHERE {})",
        LITE.among("id", 1),
        LITE.among("id", 2)
    );
    let members = format!("SELECT organisation FROM {} WHERE {owners}", AccountRow::TABLE);
    let accounts = LITE.select::<AccountRow>(&format!("{owners} OR id IN ({members})"));
    fill(&mut books.accounts, &one(db, &accounts, [&named, &holds])?)?;
    let mine = list(books.accounts.all().map(|row| row.id));
    // The clock of an account may be ahead.
    let now = books.accounts.all().map(|row| row.seen_at).max().unwrap_or_default().max(needs.now);
    let [outcomes, held, quoted, rules, lots] = LITE.first();
    fill(&mut books.outcomes, &numbered(db, &outcomes, 2, &keys)?)?;
    let at = int(now.0);
    let mut found = db.prepare_cached(&held).map_err(trouble)?;
    let bind = |found: &mut rusqlite::CachedStatement<'_>| {
        found.raw_bind_parameter(1, &mine)?;
        found.raw_bind_parameter(3, &holds)?;
        found.raw_bind_parameter(5, at)?;
        let mut rows = found.raw_query();
        rows.next()?.map_or(Ok("[]".to_owned()), |row| row.get(0))
    };
    fill(&mut books.holds, &bind(&mut found).map_err(trouble)?)?;
    fill(&mut books.quotes, &numbered(db, &quoted, 4, &quotes)?)?;
    fill(&mut books.rules, &numbered(db, &rules, 1, &mine)?)?;
    fill(&mut books.lots, &numbered(db, &lots, 1, &mine)?)?;
    load_rest(db, &mut books, needs, commands)?;
    Ok(books)
}

/// What is named by what was found.
fn load_rest(
    db: &Connection,
    books: &mut Books,
    needs: &Needs,
    commands: &[Command],
) -> Result<(), BillingError> {
    let [shares, lots, caps] = LITE.second();
    if books.holds.all().next().is_some() {
        let holds = list(books.holds.all().map(|hold| hold.id));
        fill(&mut books.shares, &numbered(db, &shares, 1, &holds)?)?;
        fill(&mut books.lots, &numbered(db, &lots, 1, &holds)?)?;
    }
    let mut ids = sql::caps(books, commands.iter(), needs.now);
    if commands.is_empty() {
        let looked_at = needs.accounts.iter();
        ids.extend(looked_at.flat_map(|account| {
            let seen = books.accounts.get(&(*account,)).map_or(needs.now, |row| row.seen_at);
            cap_ids_of_account(*account, seen.max(needs.now))
        }));
    }
    let ids = serde_json::to_string(&ids).map_err(|error| BillingError::Unavailable {
        doing: "ask for caps",
        source: error.into(),
    })?;
    fill(&mut books.caps, &numbered(db, &caps, 2, &ids)?)
}

/// A query with one parameter, at the number it has.
fn numbered(
    db: &Connection,
    sql: &str,
    number: usize,
    value: &str,
) -> Result<String, BillingError> {
    let ask = || -> rusqlite::Result<String> {
        let mut statement = db.prepare_cached(sql)?;
        statement.raw_bind_parameter(number, value)?;
        let mut rows = statement.raw_query();
        rows.next()?.map_or(Ok("[]".to_owned()), |row| row.get(0))
    };
    ask().map_err(trouble)
}
