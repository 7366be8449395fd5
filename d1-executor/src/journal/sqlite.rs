//! A [`Journal`] in one SQLite file.
//!
//! One thread writes (see `writer`), a second connection reads. What is answered is on
//! the disk; output alone may wait for the next thing that is synced.

use super::{
    deeds,
    file::{open_reader, open_writer},
    tasks::{append, entry, fence, finish, forget, move_to, ordered, read_entry, receive, stream},
    writer::{Fault, Writer},
};
use d1_core::{
    Baseline, Entry, Journal, JournalError, Output, OutputChunk, Receipt, Reception, SetupId,
    Stage, TaskCommand, TaskId, TaskResult, Timestamp,
};
use rusqlite::{Connection, Row, params};
use serde_json::from_str;
use std::{path::Path, sync::Arc};
use tokio::sync::Mutex;

/// A [`Journal`] in one SQLite file.
///
/// Dropping it waits until everything that was begun is written.
#[derive(Debug)]
pub struct SqliteJournal {
    pub(super) writer: Writer,
    reader: Arc<Mutex<Connection>>,
}

impl SqliteJournal {
    /// Opens the file, making it when it is not there, private to its owner.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let writer = Writer::start(open_writer(path)?).map_err(|error| JournalError::Backend {
            doing: "start its thread",
            source: error.into(),
        })?;
        let reader = Arc::new(Mutex::new(open_reader(path)?));
        Ok(Self { writer, reader })
    }

    /// Looks something up, off the async threads.
    async fn read<T: Send + 'static>(
        &self,
        doing: &'static str,
        look_up: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, JournalError> {
        let reader = Arc::clone(&self.reader).lock_owned().await;
        let found = tokio::task::spawn_blocking(move || look_up(&reader)).await;
        found
            .unwrap_or_else(|panicked| Err(Fault::Storage(panicked.into())))
            .map_err(|fault| fault.while_doing(doing))
    }
}

#[async_trait::async_trait]
impl Journal for SqliteJournal {
    async fn fence(&self, setup: SetupId, epoch: u64) -> Result<(), JournalError> {
        self.writer.run(deeds::FENCE, move |db| fence(db, setup, epoch)).await
    }

    async fn receive(
        &self,
        command: &TaskCommand,
        at: Timestamp,
    ) -> Result<Reception, JournalError> {
        let command = command.clone();
        self.writer.run(deeds::RECEIVE, move |db| receive(db, command, at)).await
    }

    async fn start(
        &self,
        task: TaskId,
        attempt: u32,
        baseline: &Baseline,
        at: Timestamp,
    ) -> Result<(), JournalError> {
        let stage = Stage::Started(baseline.clone());
        self.writer
            .run(deeds::START, move |db| {
                let known = ordered(db, task, attempt)?;
                if known.phase != "received" || attempt < known.attempt {
                    return Err(JournalError::AlreadyStarted { task, attempt }.into());
                }
                move_to(db, task, &stage, at)
            })
            .await
    }

    async fn append(&self, chunks: &[OutputChunk]) -> Result<(), JournalError> {
        if chunks.is_empty() {
            return Ok(());
        }
        let chunks = chunks.to_vec();
        self.writer.run(deeds::APPEND, move |db| append(db, &chunks)).await
    }

    async fn output(
        &self,
        task: TaskId,
        attempt: u32,
        after_seq: u64,
        limit: usize,
    ) -> Result<Vec<OutputChunk>, JournalError> {
        let sql = "SELECT seq, stream, bytes FROM output
                   WHERE task = ?1 AND attempt = ?2 AND seq > ?3 ORDER BY seq LIMIT ?4";
        let chunk = move |row: &Row<'_>| -> Result<OutputChunk, Fault> {
            let stream = stream(&row.get::<_, String>(1)?)?;
            let output = Output { stream, bytes: row.get(2)? };
            Ok(OutputChunk { task, attempt, seq: u64::try_from(row.get::<_, i64>(0)?)?, output })
        };
        self.read("read output", move |db| {
            let key = params![task.to_string(), attempt, at_most(after_seq), at_most(limit as u64)];
            db.prepare_cached(sql)?.query_and_then(key, chunk)?.collect()
        })
        .await
    }

    async fn finish(&self, result: &TaskResult, at: Timestamp) -> Result<(), JournalError> {
        let result = result.clone();
        self.writer.run(deeds::FINISH, move |db| finish(db, result, at)).await
    }

    async fn entry(&self, task: TaskId) -> Result<Option<Entry>, JournalError> {
        self.read("read a task", move |db| entry(db, task)).await
    }

    async fn entries(&self) -> Result<Vec<Entry>, JournalError> {
        let sql = "SELECT command, stage, at FROM tasks WHERE phase <> 'forgotten' ORDER BY place";
        self.read("list its tasks", |db| {
            db.prepare_cached(sql)?.query_and_then([], read_entry)?.collect()
        })
        .await
    }

    async fn forget(&self, task: TaskId, attempt: u32, at: Timestamp) -> Result<(), JournalError> {
        self.writer.run(deeds::FORGET, move |db| forget(db, task, attempt, at)).await
    }

    async fn receipts(&self) -> Result<Vec<Receipt>, JournalError> {
        let sql = "SELECT receipt FROM receipts ORDER BY place";
        let receipt =
            |row: &Row<'_>| -> Result<Receipt, Fault> { Ok(from_str(&row.get::<_, String>(0)?)?) };
        self.read("list its receipts", move |db| {
            db.prepare_cached(sql)?.query_and_then([], receipt)?.collect()
        })
        .await
    }

    async fn purge(&self, before: Timestamp) -> Result<usize, JournalError> {
        let sql = "DELETE FROM tasks WHERE phase = 'forgotten' AND at < ?1";
        self.writer
            .run(deeds::PURGE, move |db| {
                Ok(db.prepare_cached(sql)?.execute([at_most(before.0)])?)
            })
            .await
    }
}

/// A bound as SQLite counts: nothing that is kept is beyond the largest there is.
fn at_most(bound: u64) -> i64 {
    i64::try_from(bound).unwrap_or(i64::MAX)
}
