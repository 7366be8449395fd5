//! A [`SetupStore`] in one SQLite file.
//!
//! One thread writes (see `writer`), a second connection reads. What is answered is on
//! the disk; news that is told alone may wait for the next thing that is synced.

use super::{
    deeds,
    file::{SETUPS, open_reader, open_writer},
    writer::{Fault, Writer},
};
use d1_core::{
    AccountId, DeviceId, Page, Progress, ProgressEvent, Setup, SetupId, SetupStore, StoreError,
    Timestamp,
};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde_json::{from_str, to_string};
use std::{path::Path, sync::Arc};
use tokio::sync::Mutex;

/// A [`SetupStore`] in one SQLite file.
///
/// Several processes may use the same file. Dropping it waits until everything that was
/// begun is written.
#[derive(Debug)]
pub struct SqliteSetupStore {
    pub(super) writer: Writer,
    reader: Arc<Mutex<Connection>>,
}

impl SqliteSetupStore {
    /// Opens the file, making it when it is not there, private to its owner.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let writer = Writer::start(open_writer(path, &SETUPS)?).map_err(|error| {
            StoreError::Backend { doing: "start its thread", source: error.into() }
        })?;
        let reader = Arc::new(Mutex::new(open_reader(path)?));
        Ok(Self { writer, reader })
    }

    /// Looks something up, off the async threads.
    async fn read<T: Send + 'static>(
        &self,
        doing: &'static str,
        look_up: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let reader = Arc::clone(&self.reader).lock_owned().await;
        let found = tokio::task::spawn_blocking(move || look_up(&reader)).await;
        found
            .unwrap_or_else(|panicked| Err(Fault::Storage(panicked.into())))
            .map_err(|fault| fault.while_doing(doing))
    }
}

#[async_trait::async_trait]
impl SetupStore for SqliteSetupStore {
    async fn create(
        &self,
        setup: &Setup,
        key: Option<&str>,
        news: &[ProgressEvent],
    ) -> Result<Setup, StoreError> {
        let (setup, key, news) = (setup.clone(), key.map(str::to_owned), news.to_vec());
        self.writer.run(deeds::CREATE, move |db| create(db, setup, key.as_deref(), &news)).await
    }

    async fn get(&self, id: SetupId) -> Result<Setup, StoreError> {
        self.read("read a setup", move |db| get(db, id)).await
    }

    async fn save(
        &self,
        setup: &mut Setup,
        news: &[ProgressEvent],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (next, news) = (setup.clone(), news.to_vec());
        let version = self.writer.run(deeds::SAVE, move |db| save(db, next, &news, at)).await?;
        setup.version = version;
        Ok(())
    }

    async fn tell(
        &self,
        id: SetupId,
        news: &[ProgressEvent],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let news = news.to_vec();
        self.writer.run(deeds::TELL, move |db| tell(db, place(db, id)?, &news, at)).await
    }

    async fn find(&self, account: AccountId, prefix: &str) -> Result<Vec<SetupId>, StoreError> {
        // `g` comes after every digit, so everything that begins with the prefix lies between.
        let sql = "SELECT id FROM setups WHERE account = ?1 AND id >= ?2 AND id < ?2 || 'g'
                   ORDER BY place DESC LIMIT ?3";
        let prefix = plain_hex(prefix);
        self.read("find setups", move |db| {
            let key = params![account.to_string(), prefix, at_most(Page::MAX as u64)];
            let id = |row: &Row<'_>| -> Result<SetupId, Fault> {
                row.get::<_, String>(0)?.parse().map_err(Fault::storage)
            };
            db.prepare_cached(sql)?.query_and_then(key, id)?.collect()
        })
        .await
    }

    async fn list(&self, account: AccountId, page: Page) -> Result<Vec<Setup>, StoreError> {
        self.read("list setups", move |db| list(db, account, page)).await
    }

    async fn unfinished(&self) -> Result<Vec<Setup>, StoreError> {
        let sql = "SELECT setup FROM setups WHERE is_under_way = 1 ORDER BY place";
        self.read("list unfinished setups", |db| {
            db.prepare_cached(sql)?.query_and_then([], read_setup)?.collect()
        })
        .await
    }

    async fn unfinished_on(&self, device: DeviceId) -> Result<Vec<Setup>, StoreError> {
        let sql = "SELECT setup FROM setups
                   WHERE is_under_way = 1 AND setup ->> '$.device' = ?1 ORDER BY place";
        self.read("read the setups of a device", move |db| {
            db.prepare_cached(sql)?.query_and_then([device.to_string()], read_setup)?.collect()
        })
        .await
    }

    async fn progress(
        &self,
        id: SetupId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Progress>, StoreError> {
        let sql = "SELECT seq, at, event FROM progress
                   WHERE place = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
        self.read("read news", move |db| {
            let key = params![place(db, id)?, at_most(after), at_most(limit as u64)];
            db.prepare_cached(sql)?.query_and_then(key, read_progress)?.collect()
        })
        .await
    }
}

fn create(
    db: &Connection,
    setup: Setup,
    key: Option<&str>,
    news: &[ProgressEvent],
) -> Result<Setup, Fault> {
    if let Some(key) = key
        && let Some(earlier) = earlier(db, &setup, key)?
    {
        return Ok(earlier);
    }
    let sql = "INSERT INTO setups (id, account, version, is_under_way, setup)
               VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO NOTHING";
    let inserted = db.prepare_cached(sql)?.execute(params![
        plain_hex(&setup.id.to_string()),
        setup.account.to_string(),
        i64::try_from(setup.version)?,
        setup.is_under_way(),
        to_string(&setup)?,
    ])?;
    if inserted == 0 {
        return Err(StoreError::AlreadyExists(setup.id).into());
    }
    let place = db.last_insert_rowid();
    if let Some(key) = key {
        let sql =
            "INSERT INTO keys (account, key, place, plan, device) VALUES (?1, ?2, ?3, ?4, ?5)";
        let (account, device) = (setup.account.to_string(), setup.device.to_string());
        let plan = setup.plan.id().to_string();
        db.prepare_cached(sql)?.execute(params![account, key, place, plan, device])?;
    }
    tell(db, place, news, setup.created_at)?;
    Ok(setup)
}

/// The setup for which this account used the key before.
fn earlier(db: &Connection, setup: &Setup, key: &str) -> Result<Option<Setup>, Fault> {
    let sql = "SELECT plan = ?3 AND device = ?4, setup FROM keys JOIN setups USING (place)
               WHERE keys.account = ?1 AND key = ?2";
    let (plan, device) = (setup.plan.id().to_string(), setup.device.to_string());
    let key_row = params![setup.account.to_string(), key, plan, device];
    let mut query = db.prepare_cached(sql)?;
    let found: Option<(bool, String)> =
        query.query_row(key_row, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    match found {
        None => Ok(None),
        Some((true, earlier)) => Ok(Some(from_str(&earlier)?)),
        Some((false, _)) => Err(StoreError::KeyConflict(key.to_owned()).into()),
    }
}

fn get(db: &Connection, id: SetupId) -> Result<Setup, Fault> {
    let sql = "SELECT setup FROM setups WHERE id = ?1";
    let mut query = db.prepare_cached(sql)?;
    let found = query.query_and_then([plain_hex(&id.to_string())], read_setup)?.next();
    found.unwrap_or_else(|| Err(StoreError::NotFound(id).into()))
}

/// Tells the new version.
fn save(
    db: &Connection,
    mut setup: Setup,
    news: &[ProgressEvent],
    at: Timestamp,
) -> Result<u64, Fault> {
    let place = place(db, setup.id)?;
    let sql = "SELECT version FROM setups WHERE place = ?1";
    let stored: i64 = db.prepare_cached(sql)?.query_row([place], |row| row.get(0))?;
    if u64::try_from(stored)? != setup.version {
        return Err(StoreError::Stale(setup.id).into());
    }
    setup.version += 1;
    let sql = "UPDATE setups SET version = ?2, account = ?3, is_under_way = ?4, setup = ?5
               WHERE place = ?1";
    db.prepare_cached(sql)?.execute(params![
        place,
        i64::try_from(setup.version)?,
        setup.account.to_string(),
        setup.is_under_way(),
        to_string(&setup)?,
    ])?;
    tell(db, place, news, at)?;
    Ok(setup.version)
}

fn tell(db: &Connection, place: i64, news: &[ProgressEvent], at: Timestamp) -> Result<(), Fault> {
    let sql = "INSERT INTO progress (place, seq, at, event)
               SELECT ?1, coalesce(max(seq), 0) + 1, ?2, ?3 FROM progress WHERE place = ?1";
    let mut insert = db.prepare_cached(sql)?;
    for event in news {
        insert.execute(params![place, i64::try_from(at.0)?, to_string(event)?])?;
    }
    Ok(())
}

fn list(db: &Connection, account: AccountId, page: Page) -> Result<Vec<Setup>, Fault> {
    let account = account.to_string();
    let end = match page.before {
        None => i64::MAX,
        Some(id) => {
            let sql = "SELECT place FROM setups WHERE id = ?1 AND account = ?2";
            let key = [&plain_hex(&id.to_string()), &account];
            let place = db.prepare_cached(sql)?.query_row(key, |row| row.get(0)).optional()?;
            place.ok_or(StoreError::NotFound(id))?
        }
    };
    let sql = "SELECT setup FROM setups WHERE account = ?1 AND place < ?2
               ORDER BY place DESC LIMIT ?3";
    let key = params![account, end, at_most(page.size() as u64)];
    db.prepare_cached(sql)?.query_and_then(key, read_setup)?.collect()
}

fn place(db: &Connection, id: SetupId) -> Result<i64, Fault> {
    let sql = "SELECT place FROM setups WHERE id = ?1";
    let key = [plain_hex(&id.to_string())];
    let place = db.prepare_cached(sql)?.query_row(key, |row| row.get(0)).optional()?;
    place.ok_or_else(|| StoreError::NotFound(id).into())
}

fn read_setup(row: &Row<'_>) -> Result<Setup, Fault> {
    Ok(from_str(&row.get::<_, String>(0)?)?)
}

fn read_progress(row: &Row<'_>) -> Result<Progress, Fault> {
    Ok(Progress {
        seq: u64::try_from(row.get::<_, i64>(0)?)?,
        at: Timestamp(u64::try_from(row.get::<_, i64>(1)?)?),
        event: from_str(&row.get::<_, String>(2)?)?,
    })
}

/// Lower case, without dashes.
fn plain_hex(name: &str) -> String {
    name.replace('-', "").to_lowercase()
}

/// A bound as SQLite counts: nothing that is kept is beyond the largest there is.
fn at_most(bound: u64) -> i64 {
    i64::try_from(bound).unwrap_or(i64::MAX)
}
