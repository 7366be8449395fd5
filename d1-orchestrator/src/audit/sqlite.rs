//! An [`AuditLog`] in one SQLite file.
//!
//! What is read, sealed and written for one record is one transaction, so that several processes
//! of one server may write. When more is kept than may be, a record says so and the oldest goes.

use crate::store::{FileError, Form, open_writer};
use d1_core::{
    AuditChain, AuditEntry, AuditError, AuditKey, AuditKind, AuditLine, AuditLog, AuditTrust,
    AuditVerifier, SetupId, SignedHead, Timestamp,
};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use std::{error::Error, fmt, path::Path, sync::Arc};
use tokio::sync::Mutex;

/// A file of an audit log: `d1au`.
const FORM: Form = Form {
    application: 0x6431_6175,
    migrations: &[include_str!("../../migrations/audit/0001_audit.sql")],
};

/// How many records are kept.
const MAX_RECORDS: u64 = 1_000_000;
/// By how many more there may be before the oldest go: they go many at once.
const SLACK: u64 = 10_000;

/// What went wrong underneath.
type Cause = Box<dyn Error + Send + Sync>;

/// An [`AuditLog`] in one SQLite file, private to its owner. Its key is made with it, and is kept
/// in it.
///
/// Cheap to clone.
#[derive(Clone)]
pub struct SqliteAuditLog {
    db: Arc<Mutex<Connection>>,
    keeps: u64,
}

impl SqliteAuditLog {
    /// Opens the file, making it when it is not there.
    pub fn open(path: &Path, now: Timestamp) -> Result<Self, AuditError> {
        Self::keeping(path, now, MAX_RECORDS)
    }

    /// The same, keeping so many records.
    pub fn keeping(path: &Path, now: Timestamp, records: u64) -> Result<Self, AuditError> {
        let failed =
            |error: FileError| AuditError::Backend { doing: "open its file", source: error.into() };
        let mut db = open_writer(path, &FORM).map_err(failed)?;
        let begun = begin(&mut db, now);
        begun.map_err(|fault| fault.while_doing("begin"))?;
        Ok(Self { db: Arc::new(Mutex::new(db)), keeps: records })
    }

    /// Does something in a transaction, off the async threads; on the disk when it returns.
    async fn with<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, AuditError> {
        let mut db = Arc::clone(&self.db).lock_owned().await;
        let worked = tokio::task::spawn_blocking(move || {
            let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&change)?;
            change.commit()?;
            Ok(done)
        });
        let worked = worked.await.unwrap_or_else(|panicked| Err(Fault::Storage(panicked.into())));
        worked.map_err(|fault| fault.while_doing(doing))
    }
}

/// Why something was not done.
enum Fault {
    Refused(AuditError),
    Storage(Cause),
}

impl Fault {
    fn while_doing(self, doing: &'static str) -> AuditError {
        match self {
            Self::Refused(error) => error,
            Self::Storage(source) => AuditError::Backend { doing, source },
        }
    }
}

impl From<AuditError> for Fault {
    fn from(error: AuditError) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl From<std::num::TryFromIntError> for Fault {
    fn from(error: std::num::TryFromIntError) -> Self {
        Self::Storage(error.into())
    }
}

#[async_trait::async_trait]
impl AuditLog for SqliteAuditLog {
    async fn append(&self, entry: AuditEntry, at: Timestamp) -> Result<u64, AuditError> {
        let keeps = self.keeps;
        self.with("write a record down", move |db| {
            let mut chain = chain(db)?;
            let seq = write(db, &mut chain, entry, at)?;
            prune(db, &mut chain, keeps, at)?;
            Ok(seq)
        })
        .await
    }

    async fn head(&self, at: Timestamp) -> Result<SignedHead, AuditError> {
        self.with("sign its head", move |db| {
            let mut chain = chain(db)?;
            if chain.unsigned() == 0
                && let AuditLine::Checkpoint(head) = last_checkpoint(db)?.1
            {
                return Ok(head);
            }
            let head = chain.sign(at);
            put(db, &AuditLine::Checkpoint(head.clone()))?;
            Ok(head)
        })
        .await
    }

    async fn lines(&self, skip: u64, limit: usize) -> Result<Vec<AuditLine>, AuditError> {
        self.with("read its lines", move |db| {
            let sql = "SELECT line FROM lines ORDER BY place LIMIT ?1 OFFSET ?2";
            let page = params![i64::try_from(limit)?, i64::try_from(skip)?];
            let mut select = db.prepare_cached(sql)?;
            let texts = select.query_and_then(page, |row| row.get::<_, String>(0))?;
            let mut lines = Vec::new();
            for (line, text) in (skip + 1..).zip(texts) {
                let read = text?.parse();
                lines.push(read.map_err(|source| AuditError::Line { line, source })?);
            }
            Ok(lines)
        })
        .await
    }
}

impl fmt::Debug for SqliteAuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteAuditLog").finish_non_exhaustive()
    }
}

/// Makes the key and the first checkpoint, once.
fn begin(db: &mut Connection, now: Timestamp) -> Result<(), Fault> {
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let lines: i64 = change.query_row("SELECT count(*) FROM lines", [], |row| row.get(0))?;
    if owner(&change)?.is_some() {
        // Whether its end holds is found out now, not with the first record.
        chain(&change)?;
        return Ok(());
    }
    if lines > 0 {
        return Err(AuditError::NoKey("in the table `log`".to_owned()).into());
    }
    let (key, stream) = (AuditKey::generate()?, format!("cloud:{}", SetupId::generate()));
    let sql = "INSERT INTO log (one, stream, secret) VALUES (1, ?1, ?2)";
    change.execute(sql, params![stream, key.seed()])?;
    let mut chain = AuditChain::begin(&stream, key);
    put(&change, &AuditLine::Checkpoint(chain.sign(now)))?;
    Ok(change.commit()?)
}

/// Whose log it is, and what signs it.
fn owner(db: &Connection) -> Result<Option<(String, AuditKey)>, Fault> {
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, [u8; 32]>(1)?));
    let found = db.query_row("SELECT stream, secret FROM log", [], read).optional()?;
    Ok(found.map(|(stream, seed)| (stream, AuditKey::from_seed(&seed))))
}

/// The end of the log, verified from its last checkpoint on.
fn chain(db: &Connection) -> Result<AuditChain, Fault> {
    let no_key = || AuditError::NoKey("in the table `log`".to_owned());
    let (stream, key) = owner(db)?.ok_or_else(no_key)?;
    let (place, _) = last_checkpoint(db)?;
    let trust = AuditTrust { keys: vec![key.public()], heads: Vec::new() };
    let mut verifier = AuditVerifier::new(trust);
    let sql = "SELECT line FROM lines WHERE place >= ?1 ORDER BY place";
    let mut select = db.prepare_cached(sql)?;
    let lines = select.query_and_then([place], |row| row.get::<_, String>(0))?;
    for line in lines {
        verifier.read(&line?).map_err(|broken| changed(&broken.to_string()))?;
    }
    let end = verifier.position().ok_or_else(|| changed("it is empty"))?;
    if end.stream != stream {
        return Err(changed("it is another server's").into());
    }
    Ok(AuditChain::resume(&stream, key, (end.last, end.head), end.signed))
}

fn last_checkpoint(db: &Connection) -> Result<(i64, AuditLine), Fault> {
    let sql = "SELECT place, line FROM lines WHERE signed = 1 ORDER BY place DESC LIMIT 1";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?));
    let found: Option<(i64, String)> = db.query_row(sql, [], read).optional()?;
    let (place, line) = found.ok_or_else(|| changed("every checkpoint of it is gone"))?;
    Ok((place, line.parse().map_err(|_| changed("its last checkpoint cannot be read"))?))
}

fn changed(what: &str) -> AuditError {
    AuditError::Changed { what: what.to_owned() }
}

fn write(
    db: &Connection,
    chain: &mut AuditChain,
    entry: AuditEntry,
    at: Timestamp,
) -> Result<u64, Fault> {
    let (record, head) = chain.seal(entry, at)?;
    let seq = record.record.seq;
    put(db, &AuditLine::Record(Box::new(record)))?;
    if let Some(head) = head {
        put(db, &AuditLine::Checkpoint(head))?;
    }
    Ok(seq)
}

fn put(db: &Connection, line: &AuditLine) -> Result<(), Fault> {
    let (seq, signed) = match line {
        AuditLine::Record(record) => (record.record.seq, 0),
        AuditLine::Checkpoint(head) => (head.checkpoint.seq, 1),
    };
    let sql = "INSERT INTO lines (seq, signed, line) VALUES (?1, ?2, ?3)";
    db.prepare_cached(sql)?.execute(params![i64::try_from(seq)?, signed, line.to_text()])?;
    Ok(())
}

/// Takes the oldest records away when there are too many, up to a checkpoint.
fn prune(db: &Connection, chain: &mut AuditChain, keeps: u64, at: Timestamp) -> Result<(), Fault> {
    let first: i64 =
        db.query_row("SELECT seq FROM lines ORDER BY place LIMIT 1", [], |row| row.get(0))?;
    if chain.seq() - u64::try_from(first)? <= keeps + SLACK.min(keeps) {
        return Ok(());
    }
    let sql = "SELECT place, seq FROM lines WHERE signed = 1 AND seq <= ?1
               ORDER BY place DESC LIMIT 1";
    let until = [i64::try_from(chain.seq() - keeps)?];
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
    let Some((place, seq)) = db.query_row(sql, until, read).optional()? else { return Ok(()) };
    let entry = AuditEntry::new(AuditKind::LogPruned).about("through", seq);
    write(db, chain, entry, at)?;
    db.execute("DELETE FROM lines WHERE place < ?1", [place])?;
    Ok(())
}
