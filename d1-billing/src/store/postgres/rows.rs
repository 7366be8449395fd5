//! Reading rows for a batch.

use super::{
    super::{shelf::Shelf, sql},
    int, trouble,
};
use crate::{
    BillingError, Command,
    books::{AccountRow, Books, cap_ids_of_account, row::Row},
};
use d1_core::{AccountId, HoldId};
use sql::{Dialect, Needs, fill};
use sqlx::{AssertSqlSafe, PgConnection};
use std::fmt::Display;

pub(super) const GREAT: Dialect = Dialect::Postgres;

/// Names as the database takes them.
pub(super) fn list<T: Display>(names: impl IntoIterator<Item = T>) -> Vec<String> {
    names.into_iter().map(|name| name.to_string()).collect()
}

/// A query about one account.
pub(super) async fn ask(
    db: &mut PgConnection,
    sql: String,
    account: &str,
) -> Result<String, BillingError> {
    sqlx::query_scalar(AssertSqlSafe(sql)).bind(account).fetch_one(db).await.map_err(trouble)
}

/// The accounts that are needed, in the order of their names; with `FOR UPDATE` as the `mode`,
/// nobody else changes them or what belongs to them until this transaction ends.
pub(super) async fn lock(
    db: &mut PgConnection,
    needs: &Needs,
    mode: &str,
) -> Result<Vec<AccountRow>, BillingError> {
    let table = AccountRow::TABLE;
    let sql = format!(
        "WITH named AS (SELECT unnest($1::text[]::uuid[]) AS id
                        UNION SELECT account FROM hold WHERE id = ANY ($2::text[]::uuid[])),
              wanted AS (SELECT id FROM named
                         UNION SELECT organisation FROM {table} JOIN named USING (id))
         SELECT to_jsonb({table})::text, id IN (SELECT id FROM named) FROM {table}
         WHERE id IN (SELECT id FROM wanted) ORDER BY id {mode}"
    );
    loop {
        let rows = sqlx::query_as(AssertSqlSafe(sql.clone()))
            .bind(list(&needs.accounts))
            .bind(list(&needs.holds));
        let rows: Vec<(String, bool)> = rows.fetch_all(&mut *db).await.map_err(trouble)?;
        let (mut owners, mut wanted): (Vec<AccountRow>, Vec<AccountId>) = Default::default();
        for (row, is_named) in rows {
            let owner: AccountRow = serde_json::from_str(&row).map_err(unreadable)?;
            wanted.extend(owner.organisation.filter(|_| is_named));
            owners.push(owner);
        }
        // Somebody may have moved an account to another organisation while we waited for it.
        if wanted.iter().all(|id| owners.iter().any(|owner| owner.id == *id)) {
            return Ok(owners);
        }
    }
}

fn unreadable(error: serde_json::Error) -> BillingError {
    BillingError::Damaged(format!("a row of `{}` cannot be read: {error}", AccountRow::TABLE))
}

/// The part of the books that these commands need.
pub(super) async fn load(
    db: &mut PgConnection,
    owners: Vec<AccountRow>,
    needs: &Needs,
    commands: &[Command],
) -> Result<Books, BillingError> {
    let mut shelf = Shelf::default();
    let books = &mut shelf.books;
    // The clock of an account may be ahead.
    let now = owners.iter().map(|row| row.seen_at).max().unwrap_or_default().max(needs.now);
    for row in owners {
        books.accounts.load(row);
    }
    let [outcomes, holds, quotes, rules, lots] = GREAT.first();
    let sql = format!("SELECT ({outcomes}), ({holds}), ({quotes}), ({rules}), ({lots})");
    let found = sqlx::query_as(AssertSqlSafe(sql))
        .bind(list(books.accounts.all().map(|row| row.id)))
        .bind(list(&needs.keys))
        .bind(list(&needs.holds))
        .bind(list(&needs.quotes))
        .bind(int(now.0));
    let (outcomes, holds, quotes, rules, lots): (String, String, String, String, String) =
        found.fetch_one(&mut *db).await.map_err(trouble)?;
    fill(&mut books.outcomes, &outcomes)?;
    fill(&mut books.holds, &holds)?;
    fill(&mut books.quotes, &quotes)?;
    fill(&mut books.rules, &rules)?;
    fill(&mut books.lots, &lots)?;
    load_rest(db, &mut shelf, needs, commands).await?;
    Ok(shelf.books)
}

/// What is named by what was found.
async fn load_rest(
    db: &mut PgConnection,
    shelf: &mut Shelf,
    needs: &Needs,
    commands: &[Command],
) -> Result<(), BillingError> {
    let books = &shelf.books;
    let mut ids = Vec::new();
    let counted = books.holds.all().any(|hold| hold.counted != 0);
    if counted || books.rules.all().next().is_some() {
        let found: Vec<HoldId> = books.holds.all().map(|hold| hold.id).collect();
        ids = shelf.missing_caps(commands, &found, needs.now);
        if commands.is_empty() {
            let looked_at = needs.accounts.iter();
            ids.extend(looked_at.flat_map(|account| {
                let seen = books.accounts.get(&(*account,)).map_or(needs.now, |row| row.seen_at);
                cap_ids_of_account(*account, seen.max(needs.now))
            }));
        }
    }
    let holds = list(books.holds.all().map(|hold| hold.id));
    if holds.is_empty() && ids.is_empty() {
        return Ok(());
    }
    let [shares, lots, caps] = GREAT.second();
    let sql = format!("SELECT ({shares}), ({lots}), ({caps})");
    let found = sqlx::query_as(AssertSqlSafe(sql)).bind(holds).bind(ids);
    let (shares, lots, caps): (String, String, String) =
        found.fetch_one(db).await.map_err(trouble)?;
    let books = &mut shelf.books;
    fill(&mut books.shares, &shares)?;
    fill(&mut books.lots, &lots)?;
    fill(&mut books.caps, &caps)
}
