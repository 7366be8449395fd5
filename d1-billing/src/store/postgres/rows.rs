//! Reading rows.

use super::{
    super::{
        shelf::Shelf,
        sql::{self, Needs, fill, read},
    },
    int, trouble,
    write::Stamp,
};
use crate::{
    BillingError, Command,
    books::{
        AccountRow, Books, CapRow, HoldRow, LotRow, OutcomeRow, QuoteRow, RuleRow, ShareRow,
        cap_ids_of_account,
        row::{Row, Table},
    },
};
use d1_core::{AccountId, HoldId, Timestamp};
use sql::Dialect;
use sqlx::{AssertSqlSafe, PgConnection, Row as _, postgres::PgRow};
use std::{collections::BTreeMap, fmt::Display};

pub(super) const GREAT: Dialect = Dialect::Postgres;

/// An account, and the transaction that wrote it.
pub(super) type Owner = (AccountRow, Stamp);

/// Names as the database takes them.
pub(super) fn list<T: Display>(names: impl IntoIterator<Item = T>) -> Vec<String> {
    names.into_iter().map(|name| name.to_string()).collect()
}

/// The accounts that are needed, in the order of their names; with `FOR UPDATE` as the `mode`,
/// nobody else changes them or what belongs to them until this transaction ends.
pub(super) async fn lock(
    db: &mut PgConnection,
    needs: &Needs,
    mode: &str,
) -> Result<Vec<Owner>, BillingError> {
    let table = AccountRow::TABLE;
    let sql = format!(
        "WITH named AS (SELECT unnest($1::text[]::uuid[]) AS id
                        UNION SELECT account FROM hold WHERE id = ANY ($2::text[]::uuid[])),
              wanted AS (SELECT id FROM named
                         UNION SELECT organisation FROM {table} JOIN named USING (id))
         SELECT to_jsonb({table})::text, xmin::text, id IN (SELECT id FROM named) FROM {table}
         WHERE id IN (SELECT id FROM wanted) ORDER BY id {mode}"
    );
    loop {
        let rows = sqlx::query_as(AssertSqlSafe(sql.clone()))
            .bind(list(&needs.accounts))
            .bind(list(&needs.holds));
        let rows: Vec<(String, String, bool)> = rows.fetch_all(&mut *db).await.map_err(trouble)?;
        let (mut owners, mut wanted): (Vec<Owner>, Vec<AccountId>) = Default::default();
        for (row, stamp, is_named) in rows {
            let owner: AccountRow = serde_json::from_str(&row).map_err(unreadable)?;
            let stamp = stamp.parse().map_err(|_| BillingError::Damaged(stamp))?;
            wanted.extend(owner.organisation.filter(|_| is_named));
            owners.push((owner, stamp));
        }
        // Somebody may have moved an account to another organisation while we waited for it.
        if wanted.iter().all(|id| owners.iter().any(|(owner, _)| owner.id == *id)) {
            return Ok(owners);
        }
    }
}

fn unreadable(error: serde_json::Error) -> BillingError {
    BillingError::Damaged(format!("a row cannot be read: {error}"))
}

/// The part of the books that is needed to look something up.
pub(super) async fn look(db: &mut PgConnection, needs: &Needs) -> Result<Books, BillingError> {
    let owners = lock(&mut *db, needs, "").await?;
    let mut shelf = Shelf::default();
    load(&mut *db, &mut shelf, owners, needs, &[]).await?;
    let mut books = shelf.books;
    let ids: Vec<String> = needs
        .accounts
        .iter()
        .flat_map(|account| {
            let seen = books.accounts.get(&(*account,)).map_or(needs.now, |row| row.seen_at);
            cap_ids_of_account(*account, seen.max(needs.now))
        })
        .collect();
    load_caps(db, &mut books, &ids).await?;
    Ok(books)
}

/// Brings what is needed onto the shelf: whole, those of the accounts that are not.
pub(super) async fn load(
    db: &mut PgConnection,
    shelf: &mut Shelf,
    owners: Vec<Owner>,
    needs: &Needs,
    commands: &[Command],
) -> Result<(), BillingError> {
    let mut owners: Vec<AccountRow> = owners.into_iter().map(|(row, _stamp)| row).collect();
    owners.retain(|row| !shelf.is_whole(row.id, needs.now));
    // The clock of an account may be ahead.
    let now = owners.iter().map(|row| row.seen_at).max().unwrap_or_default().max(needs.now);
    let found = sqlx::query(AssertSqlSafe(first()))
        .bind(list(owners.iter().map(|row| row.id)))
        .bind(list(&needs.keys))
        .bind(list(&needs.holds))
        .bind(list(&needs.quotes))
        .bind(int(now.0));
    let found: [String; 7] = texts(&found.fetch_one(&mut *db).await.map_err(trouble)?)?;
    let [outcomes, named, overdue, quotes, rules, lots, ends] = found;
    let books = &mut shelf.books;
    fill(&mut books.outcomes, &outcomes)?;
    fill(&mut books.quotes, &quotes)?;
    fill(&mut books.rules, &rules)?;
    fill(&mut books.lots, &lots)?;
    let mut holds: Vec<HoldRow> = read(&named)?;
    holds.extend(read::<HoldRow>(&overdue)?);
    let names: Vec<HoldId> = holds.iter().map(|hold| hold.id).collect();
    for hold in holds {
        books.holds.load(hold);
    }
    let ends: BTreeMap<AccountId, Timestamp> = serde_json::from_str(&ends).map_err(unreadable)?;
    for owner in owners {
        shelf.has_whole(owner.id, ends.get(&owner.id).copied());
        shelf.books.accounts.load(owner);
    }
    if !names.is_empty() {
        load_shares(&mut *db, &mut shelf.books, &names).await?;
    }
    let caps = shelf.missing_caps(commands, &names, needs.now);
    load_caps(db, &mut shelf.books, &caps).await?;
    shelf.has_caps(caps);
    Ok(())
}

/// The columns of a row, each of them a text.
fn texts<const N: usize>(row: &PgRow) -> Result<[String; N], BillingError> {
    let mut texts = [const { String::new() }; N];
    for (at, text) in texts.iter_mut().enumerate() {
        *text = row.try_get(at).map_err(trouble)?;
    }
    Ok(texts)
}

/// What belongs to the accounts (1), keys (2), holds (3) and quotes (4) at a time (5):
/// outcomes, holds that are named or overdue, quotes, rules, the lots that are not used up, and
/// for each account when the first of its other holds ends.
fn first() -> String {
    let mine = GREAT.among("account", 1);
    let ends = format!(
        "SELECT coalesce(json_object_agg(account, first), '{{}}')::text FROM
         (SELECT account, min(until_at) AS first FROM deadline WHERE {mine} AND until_at > $5
          GROUP BY account) ends"
    );
    // As an array, so that these are found first, and not looked for among all holds.
    let overdue = format!("ARRAY(SELECT hold FROM deadline WHERE {mine} AND until_at <= $5)");
    let parts = [
        GREAT.select::<OutcomeRow>(&GREAT.among("key", 2)),
        GREAT.select::<HoldRow>(&GREAT.among("id", 3)),
        GREAT.select::<HoldRow>(&format!("state = 'open' AND id = ANY ({overdue})")),
        GREAT.select::<QuoteRow>(&GREAT.among("id", 4)),
        GREAT.select::<RuleRow>(&mine),
        GREAT.select::<LotRow>(&format!("{mine} AND free + held > 0")),
        ends,
    ];
    format!("SELECT ({})", parts.join("), ("))
}

/// What these holds consist of, and what of.
async fn load_shares(
    db: &mut PgConnection,
    books: &mut Books,
    holds: &[HoldId],
) -> Result<(), BillingError> {
    let shares = GREAT.among("hold", 1);
    let lots = format!("id IN (SELECT lot FROM {} WHERE {shares})", ShareRow::TABLE);
    let (shares, lots) = (GREAT.select::<ShareRow>(&shares), GREAT.select::<LotRow>(&lots));
    let sql = AssertSqlSafe(format!("SELECT ({shares}), ({lots})"));
    let found: (String, String) =
        sqlx::query_as(sql).bind(list(holds)).fetch_one(db).await.map_err(trouble)?;
    fill(&mut books.shares, &found.0)?;
    fill(&mut books.lots, &found.1)
}

async fn load_caps(
    db: &mut PgConnection,
    books: &mut Books,
    ids: &[String],
) -> Result<(), BillingError> {
    if ids.is_empty() {
        return Ok(());
    }
    let sql = AssertSqlSafe(GREAT.select::<CapRow>("id = ANY ($1::text[])"));
    let caps: String = sqlx::query_scalar(sql).bind(ids).fetch_one(db).await.map_err(trouble)?;
    fill(&mut books.caps, &caps)
}

/// What the names of commands that were refused, and the accounts they name, have to be for
/// that to be right: no such key, hold (2) or quote (3) is there, and every account (4) is
/// there as it was seen (5).
const STANDS: &str = "SELECT NOT EXISTS (SELECT FROM outcome WHERE key = ANY ($1::text[]::uuid[]))
    AND NOT EXISTS (SELECT FROM hold WHERE id = ANY ($2::text[]::uuid[]))
    AND NOT EXISTS (SELECT FROM quote WHERE id = ANY ($3::text[]::uuid[]))
    AND (SELECT count(*) FROM account JOIN unnest($4::text[]::uuid[], $5) AS as_is (id, seen)
         USING (id) WHERE account.xmin = as_is.seen) = cardinality($5)";

/// Puts the rows about an account for which the condition is true into their table. There may
/// be any number of them, so they come one by one.
pub(super) async fn fill_all<R: Row>(
    db: &mut PgConnection,
    table: &mut Table<R>,
    condition: &str,
    account: &str,
) -> Result<(), BillingError> {
    let name = R::TABLE;
    let sql = AssertSqlSafe(format!("SELECT to_jsonb({name})::text FROM {name} WHERE {condition}"));
    let rows: Vec<String> =
        sqlx::query_scalar(sql).bind(account).fetch_all(db).await.map_err(trouble)?;
    for row in rows {
        table.load(serde_json::from_str(&row).map_err(unreadable)?);
    }
    Ok(())
}

/// Whether nothing has happened that would have another answer for what was refused.
pub(super) async fn stands(
    db: &mut PgConnection,
    needs: &Needs,
    seen: &BTreeMap<AccountId, Stamp>,
) -> Result<bool, BillingError> {
    let stamps: Vec<i32> = seen.values().map(|stamp| stamp.cast_signed()).collect();
    let asked = sqlx::query_scalar(STANDS)
        .bind(list(&needs.keys))
        .bind(list(&needs.holds))
        .bind(list(&needs.quotes))
        .bind(list(seen.keys()))
        .bind(stamps);
    asked.fetch_one(db).await.map_err(trouble)
}
