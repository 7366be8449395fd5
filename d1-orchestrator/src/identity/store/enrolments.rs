//! Enrolment tokens and enrolled devices in the file.

use super::file::{Cause, SqliteIdentity};
use d1_core::{
    AccountId, DeviceId, Digest, Enrolment, EnrolmentStage, EnrolmentStore, EnrolmentStoreError,
    EnrolmentToken, Issued, Timestamp,
};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

/// Every column of a device, in the order in which [`device`] reads them.
const DEVICE: &str = "SELECT device, account, stage, since, bound_key, first, generation, serial,
                        key, certificate, ends, previous, recoveries, version FROM enrolments";
const KEEP: &str = "INSERT INTO enrolments (device, account, stage, since, bound_key, first,
                      generation, serial, key, certificate, ends, previous, recoveries, version)
                    VALUES (:device, :account, :stage, :since, :bound_key, :first, :generation,
                      :serial, :key, :certificate, :ends, :previous, :recoveries, :version)
                    ON CONFLICT (device) DO UPDATE SET account = :account, stage = :stage,
                      since = :since, bound_key = :bound_key, first = :first,
                      generation = :generation, serial = :serial, key = :key,
                      certificate = :certificate, ends = :ends, previous = :previous,
                      recoveries = :recoveries, version = :version";

type Refused<T> = Result<Result<T, EnrolmentStoreError>, Cause>;

#[async_trait::async_trait]
impl EnrolmentStore for SqliteIdentity {
    async fn add_token(
        &self,
        token: &EnrolmentToken,
        now: Timestamp,
    ) -> Result<(), EnrolmentStoreError> {
        let token = token.clone();
        let added = self.change(move |db| add_token(db, &token, now)).await;
        added.map_err(failed("kept"))?
    }

    async fn token(
        &self,
        secret: &Digest,
        now: Timestamp,
    ) -> Result<Option<EnrolmentToken>, EnrolmentStoreError> {
        let secret = *secret;
        self.look(move |db| token(db, secret, now)).await.map_err(failed("read"))
    }

    async fn tokens(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Vec<EnrolmentToken>, EnrolmentStoreError> {
        self.look(move |db| tokens(db, account, now)).await.map_err(failed("listed"))
    }

    async fn drop_token(
        &self,
        account: AccountId,
        secret: &Digest,
    ) -> Result<bool, EnrolmentStoreError> {
        let key = (secret.to_string(), account.to_string());
        let dropped = self.change(move |db| {
            let sql = "DELETE FROM enrolment_tokens WHERE secret = ?1 AND account = ?2";
            Ok(Ok::<_, EnrolmentStoreError>(db.execute(sql, key)? == 1))
        });
        dropped.await.map_err(failed("taken back"))?
    }

    async fn enrol(
        &self,
        secret: &Digest,
        device: &Enrolment,
        now: Timestamp,
    ) -> Result<u64, EnrolmentStoreError> {
        let (secret, device) = (*secret, device.clone());
        let enrolled = self.change(move |db| enrol(db, secret, &device, now)).await;
        enrolled.map_err(failed("kept"))?
    }

    async fn find(&self, device: DeviceId) -> Result<Option<Enrolment>, EnrolmentStoreError> {
        self.look(move |db| find(db, device)).await.map_err(failed("read"))
    }

    async fn save(&self, device: &Enrolment) -> Result<u64, EnrolmentStoreError> {
        let device = device.clone();
        let saved = self.change(move |db| save(db, &device)).await;
        saved.map_err(failed("kept"))?
    }

    async fn list(
        &self,
        account: AccountId,
        after: Option<DeviceId>,
        limit: usize,
    ) -> Result<Vec<Enrolment>, EnrolmentStoreError> {
        let sql = format!("{DEVICE} WHERE account = ?1 AND device > ?2 ORDER BY device LIMIT ?3");
        let after = after.map(|after| after.to_string()).unwrap_or_default();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let listed = self.look(move |db| {
            let key = params![account.to_string(), after, limit];
            db.prepare_cached(&sql)?.query_and_then(key, device)?.collect()
        });
        listed.await.map_err(failed("listed"))
    }

    async fn shut_out(&self, since: Timestamp) -> Result<Vec<DeviceId>, EnrolmentStoreError> {
        let told = self.look(move |db| {
            let sql = "SELECT device FROM enrolments WHERE stage <> 'active' AND since >= ?1";
            let read = |row: &Row<'_>| Ok(row.get::<_, String>(0)?.parse()?);
            let since = i64::try_from(since.0)?;
            db.prepare_cached(sql)?.query_and_then([since], read)?.collect()
        });
        told.await.map_err(failed("read"))
    }
}

fn add_token(db: &Connection, token: &EnrolmentToken, now: Timestamp) -> Refused<()> {
    let account = token.account.to_string();
    db.execute("DELETE FROM enrolment_tokens WHERE ends <= ?1", [i64::try_from(now.0)?])?;
    let sql = "SELECT count(*) FROM enrolment_tokens WHERE account = ?1";
    let open: i64 = db.query_row(sql, [&account], |row| row.get(0))?;
    if usize::try_from(open)? >= EnrolmentToken::MOST {
        return Ok(Err(EnrolmentStoreError::TooManyTokens));
    }
    let sql = "INSERT INTO enrolment_tokens (secret, account, made_by, ends)
               VALUES (?1, ?2, ?3, ?4)";
    let by = token.by.map(|by| by.to_string());
    let ends = i64::try_from(token.ends.0)?;
    db.execute(sql, params![token.secret.to_string(), account, by, ends])?;
    Ok(Ok(()))
}

fn token(db: &Connection, secret: Digest, now: Timestamp) -> Result<Option<EnrolmentToken>, Cause> {
    let sql = "SELECT secret, account, made_by, ends FROM enrolment_tokens
               WHERE secret = ?1 AND ends > ?2";
    let key = params![secret.to_string(), i64::try_from(now.0)?];
    db.prepare_cached(sql)?.query_row(key, |row| Ok(read_token(row))).optional()?.transpose()
}

fn tokens(
    db: &Connection,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<EnrolmentToken>, Cause> {
    let sql = "SELECT secret, account, made_by, ends FROM enrolment_tokens
               WHERE account = ?1 AND ends > ?2 ORDER BY ends, secret";
    let key = params![account.to_string(), i64::try_from(now.0)?];
    db.prepare_cached(sql)?.query_and_then(key, read_token)?.collect()
}

fn read_token(row: &Row<'_>) -> Result<EnrolmentToken, Cause> {
    Ok(EnrolmentToken {
        secret: row.get::<_, String>(0)?.parse()?,
        account: row.get::<_, String>(1)?.parse()?,
        by: row.get::<_, Option<String>>(2)?.map(|by| by.parse()).transpose()?,
        ends: Timestamp(u64::try_from(row.get::<_, i64>(3)?)?),
    })
}

fn enrol(db: &Connection, secret: Digest, device: &Enrolment, now: Timestamp) -> Refused<u64> {
    let sql = "DELETE FROM enrolment_tokens WHERE secret = ?1 AND ends > ?2";
    if db.execute(sql, params![secret.to_string(), i64::try_from(now.0)?])? == 0 {
        return Ok(Err(EnrolmentStoreError::NoToken));
    }
    if find(db, device.device)?.map_or(0, |kept| kept.version) != device.version {
        return Ok(Err(EnrolmentStoreError::Stale));
    }
    for key in device.keys() {
        if !keep_key(db, key)? {
            return Ok(Err(EnrolmentStoreError::KeySeen));
        }
    }
    keep(db, device).map(Ok)
}

fn save(db: &Connection, device: &Enrolment) -> Refused<u64> {
    let kept = find(db, device.device)?.filter(|kept| kept.version == device.version);
    let Some(kept) = kept else { return Ok(Err(EnrolmentStoreError::Stale)) };
    let key = device.current.key;
    if kept.current.key != key && !keep_key(db, key)? {
        return Ok(Err(EnrolmentStoreError::KeySeen));
    }
    keep(db, device).map(Ok)
}

/// Keeps a key for ever; false when it was seen before.
fn keep_key(db: &Connection, key: Digest) -> Result<bool, Cause> {
    let sql = "INSERT OR IGNORE INTO enrolment_keys (key) VALUES (?1)";
    Ok(db.prepare_cached(sql)?.execute([key.to_string()])? == 1)
}

fn keep(db: &Connection, device: &Enrolment) -> Result<u64, Cause> {
    let version = device.version + 1;
    db.prepare_cached(KEEP)?.execute(named_params! {
        ":device": device.device.to_string(),
        ":account": device.account.to_string(),
        ":stage": device.stage.as_str(),
        ":since": i64::try_from(device.since.0)?,
        ":bound_key": device.bound_key,
        ":first": i64::try_from(device.first)?,
        ":generation": i64::try_from(device.current.generation)?,
        ":serial": device.current.serial,
        ":key": device.current.key.to_string(),
        ":certificate": device.current.certificate,
        ":ends": i64::try_from(device.current.ends.0)?,
        ":previous": device.previous.map(|previous| previous.to_string()),
        ":recoveries": device.recoveries,
        ":version": i64::try_from(version)?,
    })?;
    Ok(version)
}

fn find(db: &Connection, id: DeviceId) -> Result<Option<Enrolment>, Cause> {
    let mut select = db.prepare_cached(&format!("{DEVICE} WHERE device = ?1"))?;
    select.query_row([id.to_string()], |row| Ok(device(row))).optional()?.transpose()
}

fn device(row: &Row<'_>) -> Result<Enrolment, Cause> {
    let number = |column| -> Result<u64, Cause> { Ok(u64::try_from(row.get::<_, i64>(column)?)?) };
    let stage: String = row.get(2)?;
    let stage = EnrolmentStage::ALL.into_iter().find(|known| known.as_str() == stage);
    Ok(Enrolment {
        device: row.get::<_, String>(0)?.parse()?,
        account: row.get::<_, String>(1)?.parse()?,
        stage: stage.ok_or("a device is at a stage that is not known")?,
        since: Timestamp(number(3)?),
        bound_key: row.get(4)?,
        first: number(5)?,
        current: Issued {
            generation: number(6)?,
            serial: row.get(7)?,
            key: row.get::<_, String>(8)?.parse()?,
            certificate: row.get(9)?,
            ends: Timestamp(number(10)?),
        },
        previous: row.get::<_, Option<String>>(11)?.map(|digest| digest.parse()).transpose()?,
        recoveries: row.get(12)?,
        version: number(13)?,
    })
}

fn failed(doing: &'static str) -> impl Fn(Cause) -> EnrolmentStoreError {
    move |source| EnrolmentStoreError::Backend { doing, source }
}
