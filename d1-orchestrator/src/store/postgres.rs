//! A [`SetupStore`] in PostgreSQL, for many processes at once.
//!
//! Every change is one transaction. Who saves a setup locks its row, so that its versions and
//! the numbers of its news come one after the other, whoever writes them.

use super::pool::{self, Step, int};
use d1_core::{
    AccountId, DeviceId, Page, Progress, ProgressEvent, Setup, SetupId, SetupStore, StoreError,
    Timestamp,
};
use serde_json::{from_str, to_string};
use sqlx::{PgConnection, PgPool, Postgres, types::Uuid};

/// Where the tables are, so that they may share a database with others.
const SCHEMA: &str = "d1_setups";

/// Every step from an empty schema to the present form, in order; never changed, only added to.
const MIGRATIONS: [Step; 2] = [
    (1, "setups", include_str!("../../migrations/postgres/setups/0001_setups.sql")),
    (2, "leases", include_str!("../../migrations/postgres/setups/0002_leases.sql")),
];

/// What an error says could not be done.
const OPEN: &str = "open its database";
const CREATE: &str = "keep a new setup";
const SAVE: &str = "save a setup";
const TELL: &str = "keep news";
const READ: &str = "look something up";

/// How many hexadecimal digits a whole name has.
const DIGITS: usize = 32;

/// A [`SetupStore`] in PostgreSQL, with the leases of those who drive its setups.
///
/// Several processes may use the same database. What is answered is committed. When a
/// connection breaks while something is committed, nobody knows whether it was: whoever saves
/// the same again is told that the setup has changed, and has to read it again.
#[derive(Debug)]
pub struct PostgresSetupStore {
    pub(super) pool: PgPool,
}

impl PostgresSetupStore {
    /// Connects, and brings the tables into their present form; one process at a time does.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let pool = pool::open(url, SCHEMA, &MIGRATIONS).await.map_err(trouble(OPEN))?;
        Ok(Self { pool })
    }

    /// The setup for which this account used the key before.
    async fn earlier(&self, setup: &Setup, key: &str) -> Result<Option<Setup>, StoreError> {
        let sql = "SELECT plan = $3 AND request.device = $4, body
                   FROM request JOIN setup ON setup.id = request.setup
                   WHERE request.account = $1 AND key = $2";
        let found: Option<(bool, String)> = sqlx::query_as(sql)
            .bind(uuid(&setup.account)?)
            .bind(key.as_bytes())
            .bind(setup.plan.id().to_string())
            .bind(uuid(&setup.device)?)
            .fetch_optional(&self.pool)
            .await
            .map_err(trouble(CREATE))?;
        match found {
            None => Ok(None),
            Some((true, body)) => Ok(Some(from_str(&body).map_err(trouble(CREATE))?)),
            Some((false, _)) => Err(StoreError::KeyConflict(key.to_owned())),
        }
    }

    /// Keeps a setup in one transaction. False when somebody was first with its name or key.
    async fn insert(
        &self,
        setup: &Setup,
        key: Option<&str>,
        news: &[ProgressEvent],
    ) -> Result<bool, StoreError> {
        let mut change = self.pool.begin().await.map_err(trouble(CREATE))?;
        let sql = "INSERT INTO setup (id, account, device, version, is_under_way, body)
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING";
        let kept = sqlx::query(sql)
            .bind(uuid(&setup.id)?)
            .bind(uuid(&setup.account)?)
            .bind(uuid(&setup.device)?)
            .bind(int(setup.version))
            .bind(setup.is_under_way())
            .bind(to_string(setup).map_err(trouble(CREATE))?);
        if kept.execute(&mut *change).await.map_err(trouble(CREATE))?.rows_affected() == 0 {
            return Ok(false);
        }
        if let Some(key) = key {
            let sql = "INSERT INTO request (account, key, setup, plan, device)
                       VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account, key) DO NOTHING";
            let noted = sqlx::query(sql)
                .bind(uuid(&setup.account)?)
                .bind(key.as_bytes())
                .bind(uuid(&setup.id)?)
                .bind(setup.plan.id().to_string())
                .bind(uuid(&setup.device)?);
            if noted.execute(&mut *change).await.map_err(trouble(CREATE))?.rows_affected() == 0 {
                return Ok(false);
            }
        }
        append(&mut change, setup.id, news, setup.created_at).await?;
        change.commit().await.map_err(trouble(CREATE))?;
        Ok(true)
    }
}

#[async_trait::async_trait]
impl SetupStore for PostgresSetupStore {
    async fn create(
        &self,
        setup: &Setup,
        key: Option<&str>,
        news: &[ProgressEvent],
    ) -> Result<Setup, StoreError> {
        if let Some(key) = key
            && let Some(earlier) = self.earlier(setup, key).await?
        {
            return Ok(earlier);
        }
        if self.insert(setup, key, news).await? {
            return Ok(setup.clone());
        }
        // Somebody used the key in between, or the name is taken.
        if let Some(key) = key
            && let Some(earlier) = self.earlier(setup, key).await?
        {
            return Ok(earlier);
        }
        Err(StoreError::AlreadyExists(setup.id))
    }

    async fn get(&self, id: SetupId) -> Result<Setup, StoreError> {
        let query = sqlx::query_scalar("SELECT body FROM setup WHERE id = $1").bind(uuid(&id)?);
        let found: Option<String> =
            query.fetch_optional(&self.pool).await.map_err(trouble(READ))?;
        let body = found.ok_or(StoreError::NotFound(id))?;
        from_str(&body).map_err(trouble(READ))
    }

    async fn save(
        &self,
        setup: &mut Setup,
        news: &[ProgressEvent],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut next = setup.clone();
        next.version = next.version.checked_add(1).ok_or(StoreError::Stale(setup.id))?;
        let mut change = self.pool.begin().await.map_err(trouble(SAVE))?;
        let sql = "UPDATE setup SET version = $3, account = $4, device = $5, is_under_way = $6,
                   body = $7 WHERE id = $1 AND version = $2";
        let saved = sqlx::query(sql)
            .bind(uuid(&next.id)?)
            .bind(int(setup.version))
            .bind(int(next.version))
            .bind(uuid(&next.account)?)
            .bind(uuid(&next.device)?)
            .bind(next.is_under_way())
            .bind(to_string(&next).map_err(trouble(SAVE))?);
        if saved.execute(&mut *change).await.map_err(trouble(SAVE))?.rows_affected() == 0 {
            change.rollback().await.map_err(trouble(SAVE))?;
            // There is another version of it, or there is none at all.
            self.get(setup.id).await?;
            return Err(StoreError::Stale(setup.id));
        }
        append(&mut change, next.id, news, at).await?;
        change.commit().await.map_err(trouble(SAVE))?;
        *setup = next;
        Ok(())
    }

    async fn tell(
        &self,
        id: SetupId,
        news: &[ProgressEvent],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut change = self.pool.begin().await.map_err(trouble(TELL))?;
        append(&mut change, id, news, at).await?;
        change.commit().await.map_err(trouble(TELL))
    }

    async fn find(&self, account: AccountId, prefix: &str) -> Result<Vec<SetupId>, StoreError> {
        let digits = prefix.replace('-', "").to_lowercase();
        let (Some(first), Some(last)) = (filled_up(&digits, '0'), filled_up(&digits, 'f')) else {
            return Ok(Vec::new());
        };
        let sql = "SELECT id FROM setup WHERE account = $1 AND id BETWEEN $2 AND $3
                   ORDER BY place DESC LIMIT $4";
        let found: Vec<Uuid> = sqlx::query_scalar(sql)
            .bind(uuid(&account)?)
            .bind(first)
            .bind(last)
            .bind(int(Page::MAX as u64))
            .fetch_all(&self.pool)
            .await
            .map_err(trouble(READ))?;
        found.into_iter().map(|id| id.to_string().parse().map_err(trouble(READ))).collect()
    }

    async fn list(&self, account: AccountId, page: Page) -> Result<Vec<Setup>, StoreError> {
        let owner = uuid(&account)?;
        let end = match page.before {
            None => i64::MAX,
            Some(id) => {
                let sql = "SELECT place FROM setup WHERE id = $1 AND account = $2";
                let place = sqlx::query_scalar(sql).bind(uuid(&id)?).bind(owner);
                let place: Option<i64> =
                    place.fetch_optional(&self.pool).await.map_err(trouble(READ))?;
                place.ok_or(StoreError::NotFound(id))?
            }
        };
        let sql = "SELECT body FROM setup WHERE account = $1 AND place < $2
                   ORDER BY place DESC LIMIT $3";
        let page = sqlx::query_scalar(sql).bind(owner).bind(end).bind(int(page.size() as u64));
        read_all(page.fetch_all(&self.pool).await)
    }

    async fn unfinished(&self) -> Result<Vec<Setup>, StoreError> {
        let sql = "SELECT body FROM setup WHERE is_under_way ORDER BY place";
        read_all(sqlx::query_scalar(sql).fetch_all(&self.pool).await)
    }

    async fn unfinished_on(&self, device: DeviceId) -> Result<Vec<Setup>, StoreError> {
        let sql = "SELECT body FROM setup WHERE is_under_way AND device = $1 ORDER BY place";
        read_all(sqlx::query_scalar(sql).bind(uuid(&device)?).fetch_all(&self.pool).await)
    }

    async fn progress(
        &self,
        id: SetupId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Progress>, StoreError> {
        let sql = "SELECT seq, at, event FROM news WHERE setup = $1 AND seq > $2
                   ORDER BY seq LIMIT $3";
        let news: Vec<(i64, i64, String)> = sqlx::query_as(sql)
            .bind(uuid(&id)?)
            .bind(int(after))
            .bind(int(limit as u64))
            .fetch_all(&self.pool)
            .await
            .map_err(trouble(READ))?;
        if news.is_empty() {
            // There may be nothing to tell, or nobody to tell it.
            self.get(id).await?;
        }
        let read = |(seq, at, event): (i64, i64, String)| {
            let (seq, at) = (
                u64::try_from(seq).map_err(trouble(READ))?,
                u64::try_from(at).map_err(trouble(READ))?,
            );
            Ok(Progress { seq, at: Timestamp(at), event: from_str(&event).map_err(trouble(READ))? })
        };
        news.into_iter().map(read).collect()
    }
}

/// Appends news, numbered on from the last; takes the row of the setup first.
async fn append(
    db: &mut PgConnection,
    id: SetupId,
    news: &[ProgressEvent],
    at: Timestamp,
) -> Result<(), StoreError> {
    let events: Result<Vec<String>, _> = news.iter().map(to_string).collect();
    let sql = "WITH teller AS (
                 UPDATE setup SET told = told + cardinality($2::text[]) WHERE id = $1
                 RETURNING id, told - cardinality($2::text[]) AS before
               ), told AS (
                 INSERT INTO news (setup, seq, at, event)
                 SELECT teller.id, teller.before + number, $3, event
                 FROM teller, unnest($2::text[]) WITH ORDINALITY AS event (event, number)
               )
               SELECT count(*) FROM teller";
    let told = sqlx::query_scalar::<Postgres, i64>(sql)
        .bind(uuid(&id)?)
        .bind(events.map_err(trouble(TELL))?)
        .bind(int(at.0));
    match told.fetch_one(db).await.map_err(trouble(TELL))? {
        0 => Err(StoreError::NotFound(id)),
        _ => Ok(()),
    }
}

fn read_all(found: Result<Vec<String>, sqlx::Error>) -> Result<Vec<Setup>, StoreError> {
    found.map_err(trouble(READ))?.iter().map(|body| from_str(body).map_err(trouble(READ))).collect()
}

/// The name that begins with these digits and goes on with `rest`; none when no name does.
fn filled_up(digits: &str, rest: char) -> Option<Uuid> {
    let missing = DIGITS.checked_sub(digits.len())?;
    let name: String = digits.chars().chain(std::iter::repeat_n(rest, missing)).collect();
    Uuid::try_parse(&name).ok()
}

fn uuid(id: &impl ToString) -> Result<Uuid, StoreError> {
    pool::uuid(id).map_err(trouble(READ))
}

fn trouble<E>(doing: &'static str) -> impl FnOnce(E) -> StoreError
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    move |error| StoreError::Backend { doing, source: error.into() }
}
