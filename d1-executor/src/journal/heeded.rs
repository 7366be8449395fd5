//! Signed orders that were heeded, in the file of the journal: what an order does and that it
//! was heeded are lost together, or not at all.

use super::{deeds, sqlite::SqliteJournal, writer::Fault};
use d1_core::{Digest, JournalError, ReplayLedger, ReplayLedgerError, Timestamp};
use rusqlite::{Connection, params};

#[async_trait::async_trait]
impl ReplayLedger for SqliteJournal {
    async fn take(
        &self,
        order: Digest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, ReplayLedgerError> {
        let taken = self.writer.run(deeds::HEED, move |db| take(db, order, until, now)).await;
        taken.map_err(|error: JournalError| ReplayLedgerError {
            doing: "kept",
            source: error.into(),
        })
    }
}

fn take(db: &Connection, order: Digest, until: Timestamp, now: Timestamp) -> Result<bool, Fault> {
    let (until, now) = (i64::try_from(until.0)?, i64::try_from(now.0)?);
    db.prepare_cached("DELETE FROM heeded WHERE until < ?1")?.execute([now])?;
    let keep = "INSERT INTO heeded (envelope, until) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    let kept = db.prepare_cached(keep)?.execute(params![order.as_bytes(), until])?;
    Ok(kept == 1)
}
