//! The signing keys in the file, those of the authorities and of orders: three rings of one form.

use super::file::{Cause, SqliteIdentity};
use d1_core::{KeyRing, KeyStage, KeyStore, KeyStoreError, SigningKey, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

/// Where a ring is.
#[derive(Debug)]
struct Ring {
    load: &'static str,
    version: &'static str,
    turn: &'static str,
    clear: &'static str,
    keep: &'static str,
}

/// The keys that tokens are signed with.
const TOKENS: Ring = Ring {
    load: "SELECT id, stage, since, secret FROM keys ORDER BY place",
    version: "SELECT version FROM rings",
    turn: "INSERT INTO rings (one, version) VALUES (1, ?1)
           ON CONFLICT (one) DO UPDATE SET version = excluded.version",
    clear: "DELETE FROM keys",
    keep: "INSERT INTO keys (id, stage, since, secret) VALUES (?1, ?2, ?3, ?4)",
};

/// The keys that certificates of devices are signed with.
const AUTHORITIES: Ring = Ring {
    load: "SELECT id, stage, since, secret FROM authorities ORDER BY place",
    version: "SELECT version FROM authority_rings",
    turn: "INSERT INTO authority_rings (one, version) VALUES (1, ?1)
           ON CONFLICT (one) DO UPDATE SET version = excluded.version",
    clear: "DELETE FROM authorities",
    keep: "INSERT INTO authorities (id, stage, since, secret) VALUES (?1, ?2, ?3, ?4)",
};

/// The keys that orders are signed with.
const ORDERS: Ring = Ring {
    load: "SELECT id, stage, since, secret FROM order_keys ORDER BY place",
    version: "SELECT version FROM order_key_rings",
    turn: "INSERT INTO order_key_rings (one, version) VALUES (1, ?1)
           ON CONFLICT (one) DO UPDATE SET version = excluded.version",
    clear: "DELETE FROM order_keys",
    keep: "INSERT INTO order_keys (id, stage, since, secret) VALUES (?1, ?2, ?3, ?4)",
};

/// The keys of the authorities, in the same file as everything of identity.
#[derive(Clone, Debug)]
pub struct SqliteAuthorityKeys(SqliteIdentity);

/// The keys that orders are signed with, in the same file as everything of identity.
#[derive(Clone, Debug)]
pub struct SqliteOrderKeys(SqliteIdentity);

impl SqliteIdentity {
    /// The keys that certificates of devices are signed with.
    #[must_use]
    pub fn authority_keys(&self) -> SqliteAuthorityKeys {
        SqliteAuthorityKeys(self.clone())
    }

    /// The keys that orders are signed with.
    #[must_use]
    pub fn order_keys(&self) -> SqliteOrderKeys {
        SqliteOrderKeys(self.clone())
    }

    async fn load_ring(&self, at: &'static Ring) -> Result<KeyRing, KeyStoreError> {
        let loaded = self.look(|db| {
            let mut select = db.prepare_cached(at.load)?;
            let keys = select.query_and_then([], key)?.collect::<Result<_, _>>()?;
            Ok(KeyRing { version: version(db, at)?, keys })
        });
        loaded.await.map_err(|source| KeyStoreError::Backend { doing: "read", source })
    }

    async fn save_ring(&self, at: &'static Ring, ring: &KeyRing) -> Result<u64, KeyStoreError> {
        let ring = ring.clone();
        let saved = self.change(move |db| save(db, at, &ring)).await;
        saved.map_err(|source| KeyStoreError::Backend { doing: "kept", source })?
    }
}

#[async_trait::async_trait]
impl KeyStore for SqliteIdentity {
    async fn load(&self) -> Result<KeyRing, KeyStoreError> {
        self.load_ring(&TOKENS).await
    }

    async fn save(&self, ring: &KeyRing) -> Result<u64, KeyStoreError> {
        self.save_ring(&TOKENS, ring).await
    }
}

#[async_trait::async_trait]
impl KeyStore for SqliteAuthorityKeys {
    async fn load(&self) -> Result<KeyRing, KeyStoreError> {
        self.0.load_ring(&AUTHORITIES).await
    }

    async fn save(&self, ring: &KeyRing) -> Result<u64, KeyStoreError> {
        self.0.save_ring(&AUTHORITIES, ring).await
    }
}

#[async_trait::async_trait]
impl KeyStore for SqliteOrderKeys {
    async fn load(&self) -> Result<KeyRing, KeyStoreError> {
        self.0.load_ring(&ORDERS).await
    }

    async fn save(&self, ring: &KeyRing) -> Result<u64, KeyStoreError> {
        self.0.save_ring(&ORDERS, ring).await
    }
}

fn save(db: &Connection, at: &Ring, ring: &KeyRing) -> Result<Result<u64, KeyStoreError>, Cause> {
    if version(db, at)? != ring.version {
        return Ok(Err(KeyStoreError::Stale));
    }
    let next = ring.version + 1;
    db.execute(at.turn, [i64::try_from(next)?])?;
    db.execute(at.clear, [])?;
    let mut insert = db.prepare_cached(at.keep)?;
    for key in &ring.keys {
        let since = i64::try_from(key.since.0)?;
        insert.execute(params![key.id, stage_text(key.stage), since, key.secret])?;
    }
    Ok(Ok(next))
}

fn version(db: &Connection, at: &Ring) -> Result<u64, Cause> {
    let found = db.query_row(at.version, [], |row| row.get::<_, i64>(0));
    Ok(u64::try_from(found.optional()?.unwrap_or_default())?)
}

fn key(row: &Row<'_>) -> Result<SigningKey, Cause> {
    let stage: String = row.get(1)?;
    let all = [KeyStage::Next, KeyStage::Active, KeyStage::Retired];
    let stage = all.into_iter().find(|&known| stage_text(known) == stage);
    Ok(SigningKey {
        id: row.get(0)?,
        stage: stage.ok_or("a key is at a stage that is not known")?,
        since: Timestamp(u64::try_from(row.get::<_, i64>(2)?)?),
        secret: row.get(3)?,
    })
}

const fn stage_text(stage: KeyStage) -> &'static str {
    match stage {
        KeyStage::Next => "next",
        KeyStage::Active => "active",
        KeyStage::Retired => "retired",
    }
}
