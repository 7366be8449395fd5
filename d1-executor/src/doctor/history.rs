//! What earlier examinations found, in one SQLite file, so that a new one can be compared.

use d1_core::{CheckId, Finding, Timestamp, Verdict};
use rusqlite::{Connection, params};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    error::Error,
    fs::{DirBuilder, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
    time::Duration,
};

/// How many examinations are remembered; of older ones, what a check has not said again since.
const MOST_EXAMINATIONS: i64 = 100;
/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(2);

/// What earlier examinations found.
#[derive(Debug)]
pub struct History(Connection);

/// Why the history cannot be used. What was found is not touched by it.
#[derive(Debug, thiserror::Error)]
#[error("the history of findings cannot be used: {0}; move `diagnoses.db` away")]
pub struct HistoryError(Box<dyn Error + Send + Sync>);

impl From<rusqlite::Error> for HistoryError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.into())
    }
}

impl From<io::Error> for HistoryError {
    fn from(error: io::Error) -> Self {
        Self(error.into())
    }
}

impl From<serde_json::Error> for HistoryError {
    fn from(error: serde_json::Error) -> Self {
        Self(error.into())
    }
}

/// How a check spoke earlier, and how it speaks now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which check.
    pub check: CheckId,
    /// When it spoke earlier; `None` when it never did.
    pub at: Option<Timestamp>,
    /// What it said then.
    pub before: Option<Verdict>,
    /// What it says now.
    pub now: Verdict,
}

impl History {
    /// Opens the file, making it and its folder when they are not there, private to their owner.
    pub fn open(path: &Path) -> Result<Self, HistoryError> {
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        drop(OpenOptions::new().create(true).append(true).mode(0o600).open(path)?);
        let db = Connection::open(path)?;
        db.busy_timeout(BUSY)?;
        db.pragma_update(None, "journal_mode", "wal")?;
        // What was found can be found again; it need not be on the disk at once.
        db.pragma_update(None, "synchronous", "normal")?;
        db.execute_batch(include_str!("../../migrations/diagnoses/0001_diagnoses.sql"))?;
        Ok(Self(db))
    }

    /// Remembers what an examination found, and forgets the oldest.
    pub fn keep(&mut self, at: Timestamp, findings: &[Finding]) -> Result<(), HistoryError> {
        let turn = self.0.transaction()?;
        turn.execute(
            "INSERT INTO examinations (at_ms) VALUES (?1)",
            [i64::try_from(at.0).unwrap_or(i64::MAX)],
        )?;
        let examination = turn.last_insert_rowid();
        for finding in findings {
            let text = serde_json::to_string(finding)?;
            let insert =
                "INSERT INTO findings (examination, check_id, finding) VALUES (?1, ?2, ?3)";
            turn.execute(insert, params![examination, finding.check.as_str(), text])?;
        }
        let old = examination.saturating_sub(MOST_EXAMINATIONS);
        // What a check said last stays: a daemon looks often, and not with every check.
        turn.execute(
            "DELETE FROM findings WHERE examination <= ?1
             AND examination < (SELECT max(examination) FROM findings AS later
                                WHERE later.check_id = findings.check_id)",
            [old],
        )?;
        turn.execute(
            "DELETE FROM examinations WHERE id <= ?1
             AND id NOT IN (SELECT examination FROM findings)",
            [old],
        )?;
        Ok(turn.commit()?)
    }

    /// What every check said when it last spoke.
    pub fn last(&self) -> Result<BTreeMap<CheckId, (Timestamp, Finding)>, HistoryError> {
        let mut look = self.0.prepare(
            "SELECT at_ms, finding FROM findings JOIN examinations ON id = examination
             WHERE examination = (SELECT max(examination) FROM findings AS later
                                  WHERE later.check_id = findings.check_id)",
        )?;
        let rows =
            look.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
        let mut last = BTreeMap::new();
        for row in rows {
            let (at, text) = row?;
            // A finding of another version that cannot be read any more is none.
            let Ok(finding) = serde_json::from_str::<Finding>(&text) else { continue };
            let at = Timestamp(u64::try_from(at).unwrap_or_default());
            last.insert(finding.check.clone(), (at, finding));
        }
        Ok(last)
    }
}

/// Which checks speak differently now: another verdict, or other evidence of something wrong.
#[must_use]
pub fn differences(
    before: &BTreeMap<CheckId, (Timestamp, Finding)>,
    now: &[Finding],
) -> Vec<Difference> {
    let differs = |earlier: &Finding, finding: &Finding| {
        let evidence = finding.is_trouble() && earlier.details != finding.details;
        earlier.verdict != finding.verdict || earlier.accepted != finding.accepted || evidence
    };
    now.iter()
        .filter_map(|finding| {
            let earlier = before.get(&finding.check);
            let is_new = earlier.is_none() && finding.is_trouble();
            let changed = earlier.is_some_and(|(_, earlier)| differs(earlier, finding));
            (is_new || changed).then(|| Difference {
                check: finding.check.clone(),
                at: earlier.map(|(at, _)| *at),
                before: earlier.map(|(_, earlier)| earlier.verdict),
                now: finding.verdict,
            })
        })
        .collect()
}
