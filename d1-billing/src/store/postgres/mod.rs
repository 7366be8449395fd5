//! A [`BookStore`] in PostgreSQL.

mod batch;
mod kept;
mod lane;
mod lanes;
mod recent;
mod rows;
mod sealed;
mod write;

use super::BookStore;
use crate::{
    Applied, Balance, BillingError, Command, Difference, Event, EventId, HoldReceipt, Lot, Reply,
    Statement,
    books::{AccountRow, Books, EntryRow, EventRow, view},
    store::sql::{Needs, fill},
};
use d1_core::{AccountId, HoldId, Supervisor, Timestamp};
use lanes::Lanes;
use rows::{GREAT, fill_all, list, look};
use sqlx::{
    AssertSqlSafe, PgPool, Postgres, SqlSafeStr as _, Transaction,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::time::Duration;

/// Where the tables are, so that they may share a database with others.
const SCHEMA: &str = "d1_ledger";

/// Every step from an empty schema to the present form, in order; never changed, only added to.
const MIGRATIONS: [(i64, &str, &str); 4] = [
    (1, "ledger", include_str!("../../../migrations/postgres/0001_ledger.sql")),
    (2, "speed", include_str!("../../../migrations/postgres/0002_speed.sql")),
    (3, "in place", include_str!("../../../migrations/postgres/0003_in_place.sql")),
    (4, "one index less", include_str!("../../../migrations/postgres/0004_one_index_less.sql")),
];

/// How many connections look things up, next to those that write.
const READERS: u32 = 4;

/// How long to wait for a connection before the ledger counts as not there.
const CONNECT: Duration = Duration::from_secs(10);

/// How those that write plan: once for all batches, and always by index. What is best for the
/// first batch of a new database, to read all of it, is not for its millionth.
const BY_INDEX: [(&str, &str); 5] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
];

/// A [`BookStore`] in PostgreSQL.
///
/// Commands are written in batches: what arrives while one is committed goes into the next,
/// so that an account which everybody pays from is as fast as many. Rows are locked in the
/// order of their names, so several processes may use the same database. What is answered is
/// committed.
#[derive(Debug)]
pub struct PostgresBooks {
    lanes: Lanes,
    pool: PgPool,
}

impl PostgresBooks {
    /// Connects, and brings the tables into their present form; one process at a time does.
    pub async fn open(url: &str, supervisor: &Supervisor) -> Result<Self, BillingError> {
        let options: PgConnectOptions = url.parse().map_err(opening)?;
        // A server that is told to answer early would make every promise here empty.
        let options = options.options([("search_path", SCHEMA), ("synchronous_commit", "on")]);
        let pools = || PgPoolOptions::new().acquire_timeout(CONNECT);
        let readers = pools().max_connections(READERS);
        let pool = readers.connect_with(options.clone()).await.map_err(opening)?;
        let writers = pools().max_connections(lanes::LANES as u32);
        let writers = writers.connect_lazy_with(options.options(BY_INDEX));
        let migrations = MIGRATIONS.map(|(version, name, sql)| {
            let sql = AssertSqlSafe(sql).into_sql_str();
            Migration::new(version, name.into(), MigrationType::Simple, sql, false)
        });
        let mut migrator = Migrator::with_migrations(migrations.to_vec());
        migrator.create_schema(SCHEMA);
        migrator.run(&pool).await.map_err(bringing_forward)?;
        Ok(Self { lanes: Lanes::start(&writers, supervisor), pool })
    }

    /// One view of the database.
    async fn view(&self) -> Result<Transaction<'static, Postgres>, BillingError> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        self.pool.begin_with(begin).await.map_err(trouble)
    }

    /// The part of the books that is needed to look something up.
    async fn look(&self, needs: &Needs) -> Result<Books, BillingError> {
        look(&mut *self.view().await?, needs).await
    }
}

#[async_trait::async_trait]
impl BookStore for PostgresBooks {
    async fn apply(
        &self,
        command: Command,
        now: Timestamp,
    ) -> Result<Applied<Reply>, BillingError> {
        self.lanes.apply(command, now).await
    }

    async fn balance(&self, account: AccountId, now: Timestamp) -> Result<Balance, BillingError> {
        let mut books = self.look(&Needs::to_look_at(account, now)).await?;
        Ok(books.balance(account, now).unwrap_or_else(view::nothing))
    }

    async fn lots(&self, account: AccountId, now: Timestamp) -> Result<Vec<Lot>, BillingError> {
        Ok(self.look(&Needs::to_look_at(account, now)).await?.lots(account, now))
    }

    async fn hold(
        &self,
        hold: HoldId,
        now: Timestamp,
    ) -> Result<Option<HoldReceipt>, BillingError> {
        let mut needs = Needs { now, ..Needs::default() };
        needs.holds.insert(hold);
        Ok(self.look(&needs).await?.look_at(hold, now))
    }

    async fn statement(
        &self,
        account: AccountId,
        after: u64,
        limit: usize,
    ) -> Result<Statement, BillingError> {
        let page = "account = $1::text::uuid AND seq > $2 AND seq <= $3";
        let sql = format!(
            "SELECT ({}), ({})",
            GREAT.select::<AccountRow>("id = $1::text::uuid"),
            GREAT.select::<EntryRow>(page)
        );
        let mut db = self.view().await?;
        let page = sqlx::query_as(AssertSqlSafe(sql))
            .bind(account.to_string())
            .bind(int(after))
            .bind(int(view::last_of_page(after, limit)));
        let (owner, entries): (String, String) = page.fetch_one(&mut *db).await.map_err(trouble)?;
        let mut books = Books::default();
        fill(&mut books.accounts, &owner)?;
        fill(&mut books.entries, &entries)?;
        Ok(books.statement(account, after, limit)?)
    }

    async fn news(&self, limit: usize) -> Result<Vec<Event>, BillingError> {
        let first = "id IN (SELECT id FROM event ORDER BY at, id LIMIT $1)";
        let sql = AssertSqlSafe(GREAT.select::<EventRow>(first));
        let found = sqlx::query_scalar(sql).bind(int(limit as u64));
        let events: String = found.fetch_one(&self.pool).await.map_err(trouble)?;
        let mut books = Books::default();
        fill(&mut books.events, &events)?;
        Ok(books.news(limit))
    }

    async fn taken(&self, events: &[EventId]) -> Result<(), BillingError> {
        let sql = "DELETE FROM event WHERE id = ANY ($1::text[]::uuid[])";
        let done = sqlx::query(sql).bind(list(events)).execute(&self.pool).await;
        done.map(drop).map_err(trouble)
    }

    async fn accounts(
        &self,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountId>, BillingError> {
        let sql = "SELECT id::text FROM account WHERE $1::text IS NULL OR id > $1::text::uuid
                   ORDER BY id LIMIT $2";
        let later = sqlx::query_scalar(sql).bind(after.map(|id| id.to_string()));
        let ids: Vec<String> =
            later.bind(int(limit as u64)).fetch_all(&self.pool).await.map_err(trouble)?;
        let read = |id: String| id.parse().map_err(|_| BillingError::Damaged(id));
        ids.into_iter().map(read).collect()
    }

    async fn verify(&self, account: AccountId) -> Result<Option<Difference>, BillingError> {
        let mut db = self.view().await?;
        let id = account.to_string();
        let mut books = Books::default();
        let [owner, lots, holds, shares, entries, caps] = GREAT.everything();
        fill_all(&mut db, &mut books.accounts, &owner, &id).await?;
        fill_all(&mut db, &mut books.lots, &lots, &id).await?;
        fill_all(&mut db, &mut books.holds, &holds, &id).await?;
        fill_all(&mut db, &mut books.shares, &shares, &id).await?;
        fill_all(&mut db, &mut books.entries, &entries, &id).await?;
        fill_all(&mut db, &mut books.caps, &caps, &id).await?;
        Ok(books.verify(account).err())
    }
}

fn opening(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BillingError {
    BillingError::Unavailable { doing: "open its database", source: error.into() }
}

/// Tables of a newer form are no trouble that passes: they are told as what they are.
fn bringing_forward(error: MigrateError) -> BillingError {
    let MigrateError::VersionMissing(found) = error else { return opening(error) };
    let known = MIGRATIONS.len();
    opening(format!(
        "this ledger was written by a newer version (form {found}, known up to {known}); upgrade \
         this program"
    ))
}

fn trouble(error: sqlx::Error) -> BillingError {
    BillingError::Unavailable { doing: "ask its database", source: error.into() }
}

fn writing(error: sqlx::Error) -> BillingError {
    BillingError::Unavailable { doing: "write", source: error.into() }
}

fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
