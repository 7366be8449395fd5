//! The signing keys in the file.

use super::file::{Cause, SqliteIdentity};
use d1_core::{KeyRing, KeyStage, KeyStore, KeyStoreError, SigningKey, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

#[async_trait::async_trait]
impl KeyStore for SqliteIdentity {
    async fn load(&self) -> Result<KeyRing, KeyStoreError> {
        let loaded = self.look(|db| {
            let sql = "SELECT id, stage, since, secret FROM keys ORDER BY place";
            let keys =
                db.prepare_cached(sql)?.query_and_then([], key)?.collect::<Result<_, _>>()?;
            Ok(KeyRing { version: version(db)?, keys })
        });
        loaded.await.map_err(|source| KeyStoreError::Backend { doing: "read", source })
    }

    async fn save(&self, ring: &KeyRing) -> Result<u64, KeyStoreError> {
        let ring = ring.clone();
        let saved = self.change(move |db| save(db, &ring)).await;
        saved.map_err(|source| KeyStoreError::Backend { doing: "kept", source })?
    }
}

fn save(db: &Connection, ring: &KeyRing) -> Result<Result<u64, KeyStoreError>, Cause> {
    if version(db)? != ring.version {
        return Ok(Err(KeyStoreError::Stale));
    }
    let next = ring.version + 1;
    let sql = "INSERT INTO rings (one, version) VALUES (1, ?1)
               ON CONFLICT (one) DO UPDATE SET version = excluded.version";
    db.execute(sql, [i64::try_from(next)?])?;
    db.execute("DELETE FROM keys", [])?;
    let sql = "INSERT INTO keys (id, stage, since, secret) VALUES (?1, ?2, ?3, ?4)";
    let mut insert = db.prepare_cached(sql)?;
    for key in &ring.keys {
        let since = i64::try_from(key.since.0)?;
        insert.execute(params![key.id, stage_text(key.stage), since, key.secret])?;
    }
    Ok(Ok(next))
}

fn version(db: &Connection) -> Result<u64, Cause> {
    let found = db.query_row("SELECT version FROM rings", [], |row| row.get::<_, i64>(0));
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
