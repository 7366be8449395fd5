//! The signing keys that all servers share.

use super::PostgresIdentity;
use crate::store::pool::{Trouble, int};
use d1_core::{KeyRing, KeyStage, KeyStore, KeyStoreError, SigningKey, Timestamp};

/// A version, and a key, where there is one.
type Row = (i64, Option<String>, Option<String>, Option<i64>, Option<Vec<u8>>);

#[async_trait::async_trait]
impl KeyStore for PostgresIdentity {
    async fn load(&self) -> Result<KeyRing, KeyStoreError> {
        let read = |source| KeyStoreError::Backend { doing: "read", source };
        let sql = "SELECT version, id, stage, since, secret
                   FROM ring LEFT JOIN signing_key ON true ORDER BY place";
        let rows: Vec<Row> =
            sqlx::query_as(sql).fetch_all(&self.0).await.map_err(|error| read(error.into()))?;
        ring(rows).map_err(read)
    }

    async fn save(&self, ring: &KeyRing) -> Result<u64, KeyStoreError> {
        let saved = self.replace(ring).await;
        let saved = saved
            .map_err(|error| KeyStoreError::Backend { doing: "kept", source: error.into() })?;
        if saved { Ok(ring.version + 1) } else { Err(KeyStoreError::Stale) }
    }
}

impl PostgresIdentity {
    /// Replaces all keys; false when somebody else did first. Who saves locks the one row of
    /// the ring, so that those who race come one after the other.
    async fn replace(&self, ring: &KeyRing) -> Result<bool, sqlx::Error> {
        let mut change = self.0.begin().await?;
        let sql = "UPDATE ring SET version = version + 1 WHERE version = $1";
        let turned = sqlx::query(sql).bind(int(ring.version)).execute(&mut *change).await?;
        if turned.rows_affected() == 0 {
            change.rollback().await?;
            return Ok(false);
        }
        sqlx::query("DELETE FROM signing_key").execute(&mut *change).await?;
        for key in &ring.keys {
            let sql = "INSERT INTO signing_key (id, stage, since, secret) VALUES ($1, $2, $3, $4)";
            let kept = sqlx::query(sql).bind(&key.id).bind(stage_text(key.stage));
            let kept = kept.bind(int(key.since.0)).bind(&key.secret);
            kept.execute(&mut *change).await?;
        }
        change.commit().await?;
        Ok(true)
    }
}

fn ring(rows: Vec<Row>) -> Result<KeyRing, Trouble> {
    let mut ring = KeyRing::default();
    for (version, id, stage, since, secret) in rows {
        ring.version = u64::try_from(version)?;
        // A ring without keys is one row without a key.
        if let (Some(id), Some(stage), Some(since), Some(secret)) = (id, stage, since, secret) {
            let all = [KeyStage::Next, KeyStage::Active, KeyStage::Retired];
            let stage = all.into_iter().find(|&known| stage_text(known) == stage);
            ring.keys.push(SigningKey {
                id,
                stage: stage.ok_or("a key is at a stage that is not known")?,
                since: Timestamp(u64::try_from(since)?),
                secret,
            });
        }
    }
    Ok(ring)
}

const fn stage_text(stage: KeyStage) -> &'static str {
    match stage {
        KeyStage::Next => "next",
        KeyStage::Active => "active",
        KeyStage::Retired => "retired",
    }
}
