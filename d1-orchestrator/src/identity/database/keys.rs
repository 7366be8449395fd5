//! The signing keys that all servers share, those of the authorities and of orders: three rings of one
//! form.

use super::PostgresIdentity;
use crate::store::pool::{Trouble, int};
use d1_core::{KeyRing, KeyStage, KeyStore, KeyStoreError, SigningKey, Timestamp};

/// A version, and a key, where there is one.
type Row = (i64, Option<String>, Option<String>, Option<i64>, Option<Vec<u8>>);

/// Where a ring is.
#[derive(Debug)]
struct Ring {
    load: &'static str,
    turn: &'static str,
    clear: &'static str,
    keep: &'static str,
}

/// The keys that tokens are signed with.
const TOKENS: Ring = Ring {
    load: "SELECT version, id, stage, since, secret
           FROM ring LEFT JOIN signing_key ON true ORDER BY place",
    turn: "UPDATE ring SET version = version + 1 WHERE version = $1",
    clear: "DELETE FROM signing_key",
    keep: "INSERT INTO signing_key (id, stage, since, secret) VALUES ($1, $2, $3, $4)",
};

/// The keys that certificates of devices are signed with.
const AUTHORITIES: Ring = Ring {
    load: "SELECT version, id, stage, since, secret
           FROM authority_ring LEFT JOIN authority ON true ORDER BY place",
    turn: "UPDATE authority_ring SET version = version + 1 WHERE version = $1",
    clear: "DELETE FROM authority",
    keep: "INSERT INTO authority (id, stage, since, secret) VALUES ($1, $2, $3, $4)",
};

/// The keys that orders are signed with.
const ORDERS: Ring = Ring {
    load: "SELECT version, id, stage, since, secret
           FROM order_key_ring LEFT JOIN order_key ON true ORDER BY place",
    turn: "UPDATE order_key_ring SET version = version + 1 WHERE version = $1",
    clear: "DELETE FROM order_key",
    keep: "INSERT INTO order_key (id, stage, since, secret) VALUES ($1, $2, $3, $4)",
};

/// The keys of the authorities, in the same database as everything of identity.
#[derive(Clone, Debug)]
pub struct PostgresAuthorityKeys(PostgresIdentity);

/// The keys that orders are signed with, in the same database as everything of identity.
#[derive(Clone, Debug)]
pub struct PostgresOrderKeys(PostgresIdentity);

#[async_trait::async_trait]
impl KeyStore for PostgresIdentity {
    async fn load(&self) -> Result<KeyRing, KeyStoreError> {
        self.load_ring(&TOKENS).await
    }

    async fn save(&self, ring: &KeyRing) -> Result<u64, KeyStoreError> {
        self.save_ring(&TOKENS, ring).await
    }
}

#[async_trait::async_trait]
impl KeyStore for PostgresAuthorityKeys {
    async fn load(&self) -> Result<KeyRing, KeyStoreError> {
        self.0.load_ring(&AUTHORITIES).await
    }

    async fn save(&self, ring: &KeyRing) -> Result<u64, KeyStoreError> {
        self.0.save_ring(&AUTHORITIES, ring).await
    }
}

#[async_trait::async_trait]
impl KeyStore for PostgresOrderKeys {
    async fn load(&self) -> Result<KeyRing, KeyStoreError> {
        self.0.load_ring(&ORDERS).await
    }

    async fn save(&self, ring: &KeyRing) -> Result<u64, KeyStoreError> {
        self.0.save_ring(&ORDERS, ring).await
    }
}

impl PostgresIdentity {
    /// The keys that certificates of devices are signed with.
    #[must_use]
    pub fn authority_keys(&self) -> PostgresAuthorityKeys {
        PostgresAuthorityKeys(self.clone())
    }

    /// The keys that orders are signed with.
    #[must_use]
    pub fn order_keys(&self) -> PostgresOrderKeys {
        PostgresOrderKeys(self.clone())
    }

    async fn load_ring(&self, at: &'static Ring) -> Result<KeyRing, KeyStoreError> {
        let read = |source| KeyStoreError::Backend { doing: "read", source };
        let rows: Vec<Row> =
            sqlx::query_as(at.load).fetch_all(&self.0).await.map_err(|error| read(error.into()))?;
        ring(rows).map_err(read)
    }

    async fn save_ring(&self, at: &'static Ring, ring: &KeyRing) -> Result<u64, KeyStoreError> {
        let saved = self.replace(at, ring).await;
        let saved = saved
            .map_err(|error| KeyStoreError::Backend { doing: "kept", source: error.into() })?;
        if saved { Ok(ring.version + 1) } else { Err(KeyStoreError::Stale) }
    }

    /// Replaces all keys; false when somebody else did first. Who saves locks the one row of
    /// the ring, so that those who race come one after the other.
    async fn replace(&self, at: &'static Ring, ring: &KeyRing) -> Result<bool, sqlx::Error> {
        let mut change = self.0.begin().await?;
        let turned = sqlx::query(at.turn).bind(int(ring.version)).execute(&mut *change).await?;
        if turned.rows_affected() == 0 {
            change.rollback().await?;
            return Ok(false);
        }
        sqlx::query(at.clear).execute(&mut *change).await?;
        for key in &ring.keys {
            let kept = sqlx::query(at.keep).bind(&key.id).bind(stage_text(key.stage));
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
