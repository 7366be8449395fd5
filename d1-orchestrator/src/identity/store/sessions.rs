//! What is remembered of people who sign in, in the file.

use super::file::{Cause, SqliteIdentity};
use d1_core::{Digest, Record, RecordKind, SessionError, SessionStore, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

/// How much that has ended is cleared away with each new record: more than comes.
const SWEPT: u32 = 16;

#[async_trait::async_trait]
impl SessionStore for SqliteIdentity {
    async fn create(&self, record: &Record, now: Timestamp) -> Result<(), SessionError> {
        if !record.fits() {
            return Err(SessionError::TooLarge);
        }
        let record = record.clone();
        let created = self.change(move |db| create(db, &record, now)).await;
        created.map_err(failed("kept"))?
    }

    async fn find(
        &self,
        kind: RecordKind,
        name: &Digest,
        now: Timestamp,
    ) -> Result<Option<Record>, SessionError> {
        let name = *name;
        self.look(move |db| find(db, kind, name, now)).await.map_err(failed("read"))
    }

    async fn save(&self, record: &Record, now: Timestamp) -> Result<u64, SessionError> {
        if !record.fits() {
            return Err(SessionError::TooLarge);
        }
        let record = record.clone();
        let saved = self.change(move |db| {
            let sql = "UPDATE records SET owner = :owner, ends = :ends, body = :body,
                         version = version + 1
                       WHERE kind = :kind AND key = :key AND version = :version AND ends > :now";
            let rows = db.prepare_cached(sql)?.execute(named_params! {
                ":kind": record.kind.as_str(),
                ":key": record.key.to_string(),
                ":version": i64::try_from(record.version)?,
                ":now": i64::try_from(now.0)?,
                ":owner": record.owner.map(|owner| owner.to_string()),
                ":ends": i64::try_from(record.ends.0)?,
                ":body": record.body,
            })?;
            Ok(if rows == 1 { Ok(record.version + 1) } else { Err(SessionError::Stale) })
        });
        saved.await.map_err(failed("kept"))?
    }

    async fn remove(&self, kind: RecordKind, key: &Digest) -> Result<(), SessionError> {
        let key = key.to_string();
        let removed = self.change::<_, SessionError>(move |db| {
            db.execute("DELETE FROM records WHERE kind = ?1 AND key = ?2", [kind.as_str(), &key])?;
            Ok(Ok(()))
        });
        removed.await.map_err(failed("ended"))?
    }

    async fn owned(
        &self,
        kind: RecordKind,
        owner: UserId,
        now: Timestamp,
    ) -> Result<Vec<Record>, SessionError> {
        let sql = "SELECT key, owner, ends, version, body FROM records
                   WHERE owner = ?1 AND kind = ?2 AND ends > ?3 ORDER BY key LIMIT ?4";
        let listed = self.look(move |db| {
            let most = i64::try_from(Record::MAX_LISTED)?;
            let key = params![owner.to_string(), kind.as_str(), i64::try_from(now.0)?, most];
            let mut select = db.prepare_cached(sql)?;
            select.query_and_then(key, |row| read(db, kind, row))?.collect()
        });
        listed.await.map_err(failed("listed"))
    }
}

fn create(
    db: &Connection,
    record: &Record,
    now: Timestamp,
) -> Result<Result<(), SessionError>, Cause> {
    let (kind, now) = (record.kind.as_str(), i64::try_from(now.0)?);
    let sweep = "DELETE FROM records WHERE (kind, key) IN
                   (SELECT kind, key FROM records WHERE ends <= ?1 ORDER BY ends LIMIT ?2)";
    db.prepare_cached(sweep)?.execute(params![now, SWEPT])?;
    let insert = "INSERT OR IGNORE INTO records (kind, key, owner, ends, version, body)
                  VALUES (?1, ?2, ?3, ?4, 1, ?5)";
    let free = "DELETE FROM records WHERE kind = ?1 AND ends <= ?3 AND key =
                  (SELECT key FROM record_names WHERE kind = ?1 AND name = ?2)";
    let name_it = "INSERT OR IGNORE INTO record_names (kind, name, place, key)
                   VALUES (?1, ?2, ?3, ?4)";
    let key = record.key.to_string();
    for name in record.names.iter().chain([&record.key]) {
        // What has ended and was not swept yet holds no name.
        db.prepare_cached(free)?.execute(params![kind, name.to_string(), now])?;
    }
    let owner = record.owner.map(|owner| owner.to_string());
    let ends = i64::try_from(record.ends.0)?;
    let kept = db.prepare_cached(insert)?.execute(params![kind, key, owner, ends, record.body])?;
    let mut named = kept;
    for (place, name) in record.names.iter().chain([&record.key]).enumerate() {
        let place = i64::try_from(place)?;
        let name = params![kind, name.to_string(), place, key];
        named += db.prepare_cached(name_it)?.execute(name)?;
    }
    Ok(if named == record.names.len() + 2 { Ok(()) } else { Err(SessionError::Taken) })
}

fn find(
    db: &Connection,
    kind: RecordKind,
    name: Digest,
    now: Timestamp,
) -> Result<Option<Record>, Cause> {
    let sql = "SELECT key, owner, ends, version, body FROM records WHERE kind = ?1 AND ends > ?3
               AND key = (SELECT key FROM record_names WHERE kind = ?1 AND name = ?2)";
    let key = params![kind.as_str(), name.to_string(), i64::try_from(now.0)?];
    let found = db.prepare_cached(sql)?.query_row(key, |row| Ok(read(db, kind, row))).optional()?;
    found.transpose()
}

fn read(db: &Connection, kind: RecordKind, row: &Row<'_>) -> Result<Record, Cause> {
    let key: Digest = row.get::<_, String>(0)?.parse()?;
    let sql = "SELECT name FROM record_names WHERE kind = ?1 AND key = ?2 AND name <> ?2
               ORDER BY place";
    let name = |row: &Row<'_>| -> Result<Digest, Cause> { Ok(row.get::<_, String>(0)?.parse()?) };
    let mut select = db.prepare_cached(sql)?;
    let names = select.query_and_then([kind.as_str(), &key.to_string()], name)?;
    Ok(Record {
        kind,
        key,
        names: names.collect::<Result<_, _>>()?,
        owner: row.get::<_, Option<String>>(1)?.map(|owner| owner.parse()).transpose()?,
        ends: Timestamp(u64::try_from(row.get::<_, i64>(2)?)?),
        version: u64::try_from(row.get::<_, i64>(3)?)?,
        body: row.get(4)?,
    })
}

fn failed(doing: &'static str) -> impl Fn(Cause) -> SessionError {
    move |source| SessionError::Backend { doing, source }
}
