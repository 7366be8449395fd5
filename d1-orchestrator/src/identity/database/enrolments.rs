//! Enrolment tokens and enrolled devices that all servers share.

use super::PostgresIdentity;
use crate::store::pool::{Trouble, int, uuid};
use d1_core::{
    AccountId, DeviceId, Digest, Enrolment, EnrolmentStage, EnrolmentStore, EnrolmentStoreError,
    EnrolmentToken, Issued, Timestamp,
};
use sqlx::{PgConnection, types::Uuid};

const FIND: &str = "SELECT device, account, stage, since, bound_key, first, generation, serial,
                      key, certificate, ends, previous, recoveries, version
                    FROM enrolment WHERE device = $1";
const FIND_AND_LOCK: &str = "SELECT device, account, stage, since, bound_key, first, generation,
                               serial, key, certificate, ends, previous, recoveries, version
                             FROM enrolment WHERE device = $1 FOR UPDATE";
const LIST: &str = "SELECT device, account, stage, since, bound_key, first, generation, serial,
                      key, certificate, ends, previous, recoveries, version
                    FROM enrolment WHERE account = $1 AND ($2::uuid IS NULL OR device > $2)
                    ORDER BY device LIMIT $3";
const ADD: &str = "INSERT INTO enrolment (device, account, stage, since, bound_key, first,
                     generation, serial, key, certificate, ends, previous, recoveries, version)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
                   ON CONFLICT DO NOTHING";
const CHANGE: &str = "UPDATE enrolment SET account = $2, stage = $3, since = $4, bound_key = $5,
                        first = $6, generation = $7, serial = $8, key = $9, certificate = $10,
                        ends = $11, previous = $12, recoveries = $13, version = $14
                      WHERE device = $1 AND version = $14 - 1";

/// A row as it is kept, in the order of its columns.
type Kept = (
    Uuid,
    Uuid,
    String,
    i64,
    Vec<u8>,
    i64,
    i64,
    String,
    String,
    Vec<u8>,
    i64,
    Option<String>,
    i64,
    i64,
);

/// What is refused, or what went wrong underneath.
pub(super) enum Not {
    Refused(EnrolmentStoreError),
    Trouble(Trouble),
}

impl<E: Into<Trouble>> From<E> for Not {
    fn from(error: E) -> Self {
        Self::Trouble(error.into())
    }
}

#[async_trait::async_trait]
impl EnrolmentStore for PostgresIdentity {
    async fn add_token(
        &self,
        token: &EnrolmentToken,
        now: Timestamp,
    ) -> Result<(), EnrolmentStoreError> {
        self.add(token, now).await.map_err(told("kept"))
    }

    async fn token(
        &self,
        secret: &Digest,
        now: Timestamp,
    ) -> Result<Option<EnrolmentToken>, EnrolmentStoreError> {
        self.good_token(*secret, now).await.map_err(told("read"))
    }

    async fn tokens(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Vec<EnrolmentToken>, EnrolmentStoreError> {
        self.good_tokens(account, now).await.map_err(told("listed"))
    }

    async fn drop_token(
        &self,
        account: AccountId,
        secret: &Digest,
    ) -> Result<bool, EnrolmentStoreError> {
        let dropped = async {
            let sql = "DELETE FROM enrolment_token WHERE secret = $1 AND account = $2";
            let dropped = sqlx::query(sql).bind(secret.to_string()).bind(uuid(&account)?);
            Ok(dropped.execute(&self.0).await?.rows_affected() == 1)
        };
        dropped.await.map_err(told("taken back"))
    }

    async fn enrol(
        &self,
        secret: &Digest,
        device: &Enrolment,
        now: Timestamp,
    ) -> Result<u64, EnrolmentStoreError> {
        self.use_up(secret, device, now).await.map_err(told("kept"))
    }

    async fn find(&self, device: DeviceId) -> Result<Option<Enrolment>, EnrolmentStoreError> {
        let found = async {
            let found = sqlx::query_as::<_, Kept>(FIND).bind(uuid(&device)?);
            Ok(found.fetch_optional(&self.0).await?.map(device_of).transpose()?)
        };
        found.await.map_err(told("read"))
    }

    async fn save(&self, device: &Enrolment) -> Result<u64, EnrolmentStoreError> {
        self.replace_device(device).await.map_err(told("kept"))
    }

    async fn list(
        &self,
        account: AccountId,
        after: Option<DeviceId>,
        limit: usize,
    ) -> Result<Vec<Enrolment>, EnrolmentStoreError> {
        let listed = async {
            let after = after.map(|after| uuid(&after)).transpose()?;
            let listed = sqlx::query_as::<_, Kept>(LIST).bind(uuid(&account)?).bind(after);
            let listed = listed.bind(int(limit as u64)).fetch_all(&self.0).await?;
            Ok(listed.into_iter().map(device_of).collect::<Result<_, _>>()?)
        };
        listed.await.map_err(told("listed"))
    }

    async fn shut_out(&self, since: Timestamp) -> Result<Vec<DeviceId>, EnrolmentStoreError> {
        let told_of = async {
            let sql = "SELECT device FROM enrolment WHERE stage <> 'active' AND since >= $1";
            let ids: Vec<Uuid> =
                sqlx::query_scalar(sql).bind(int(since.0)).fetch_all(&self.0).await?;
            Ok(ids.iter().map(|id| id.to_string().parse()).collect::<Result<_, _>>()?)
        };
        told_of.await.map_err(told("read"))
    }
}

impl PostgresIdentity {
    /// Whoever uses a token up has its row; those who race for it wait, and find it gone.
    async fn use_up(
        &self,
        secret: &Digest,
        device: &Enrolment,
        now: Timestamp,
    ) -> Result<u64, Not> {
        let mut change = self.0.begin().await?;
        let sql = "DELETE FROM enrolment_token WHERE secret = $1 AND ends > $2";
        let used = sqlx::query(sql).bind(secret.to_string()).bind(int(now.0));
        if used.execute(&mut *change).await?.rows_affected() == 0 {
            return Err(Not::Refused(EnrolmentStoreError::NoToken));
        }
        for key in device.keys() {
            keep_key(&mut change, key).await?;
        }
        let sql = if device.version == 0 { ADD } else { CHANGE };
        let version = keep(&mut change, sql, device).await?;
        change.commit().await?;
        Ok(version)
    }

    async fn replace_device(&self, device: &Enrolment) -> Result<u64, Not> {
        let mut change = self.0.begin().await?;
        let kept = sqlx::query_as::<_, Kept>(FIND_AND_LOCK).bind(uuid(&device.device)?);
        let kept = kept.fetch_optional(&mut *change).await?.map(device_of);
        let kept = kept.transpose()?.filter(|kept| kept.version == device.version);
        let kept = kept.ok_or(Not::Refused(EnrolmentStoreError::Stale))?;
        if kept.current.key != device.current.key {
            keep_key(&mut change, device.current.key).await?;
        }
        let version = keep(&mut change, CHANGE, device).await?;
        change.commit().await?;
        Ok(version)
    }
}

/// Keeps a key for ever, if it was not seen before.
async fn keep_key(db: &mut PgConnection, key: Digest) -> Result<(), Not> {
    let sql = "INSERT INTO enrolment_key (key) VALUES ($1) ON CONFLICT DO NOTHING";
    match sqlx::query(sql).bind(key.to_string()).execute(db).await?.rows_affected() {
        0 => Err(Not::Refused(EnrolmentStoreError::KeySeen)),
        _ => Ok(()),
    }
}

async fn keep(db: &mut PgConnection, sql: &'static str, device: &Enrolment) -> Result<u64, Not> {
    let version = device.version + 1;
    let kept = sqlx::query(sql)
        .bind(uuid(&device.device)?)
        .bind(uuid(&device.account)?)
        .bind(device.stage.as_str())
        .bind(int(device.since.0))
        .bind(&device.bound_key)
        .bind(int(device.first))
        .bind(int(device.current.generation))
        .bind(&device.current.serial)
        .bind(device.current.key.to_string())
        .bind(&device.current.certificate)
        .bind(int(device.current.ends.0))
        .bind(device.previous.map(|previous| previous.to_string()))
        .bind(i64::from(device.recoveries))
        .bind(int(version));
    match kept.execute(db).await?.rows_affected() {
        0 => Err(Not::Refused(EnrolmentStoreError::Stale)),
        _ => Ok(version),
    }
}

fn device_of(kept: Kept) -> Result<Enrolment, Trouble> {
    let (device, account, stage, since, bound_key, first, ..) = kept;
    let (.., generation, serial, key, certificate, ends, previous, recoveries, version) = kept;
    let known = EnrolmentStage::ALL.into_iter().find(|known| known.as_str() == stage);
    let number = |number: i64| u64::try_from(number);
    Ok(Enrolment {
        device: device.to_string().parse()?,
        account: account.to_string().parse()?,
        stage: known.ok_or("a device is at a stage that is not known")?,
        since: Timestamp(number(since)?),
        bound_key,
        first: number(first)?,
        current: Issued {
            generation: number(generation)?,
            serial,
            key: key.parse()?,
            certificate,
            ends: Timestamp(number(ends)?),
        },
        previous: previous.map(|digest| digest.parse()).transpose()?,
        recoveries: u32::try_from(recoveries)?,
        version: number(version)?,
    })
}

fn told(doing: &'static str) -> impl Fn(Not) -> EnrolmentStoreError {
    move |not| match not {
        Not::Refused(error) => error,
        Not::Trouble(source) => EnrolmentStoreError::Backend { doing, source },
    }
}
