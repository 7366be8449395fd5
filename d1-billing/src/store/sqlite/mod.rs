//! A [`BookStore`] in one SQLite file.

mod crowd;
mod file;
mod rows;
mod writer;

use super::{BookStore, sql::Dialect};
use crate::{
    Applied, Balance, BillingError, Command, Difference, Event, EventId, HoldReceipt, Lot, Reply,
    Statement,
    books::{
        AccountRow, Books, CapRow, EntryRow, EventRow, HoldRow, LotRow, ShareRow, row::Row, view,
    },
    store::sql::{Needs, fill},
};
use d1_core::{AccountId, HoldId, Timestamp};
use rows::{LITE, list, look, one};
use rusqlite::{Connection, params};
use std::{path::Path, sync::Arc};
use tokio::sync::Mutex;
use writer::Writer;

/// A [`BookStore`] in one SQLite file.
///
/// One thread writes, many commands to a sync; a second connection reads. What is answered is
/// on the disk. Several processes may use the same file. Dropping it waits until everything
/// that was begun is written.
#[derive(Debug)]
pub struct SqliteBooks {
    writer: Writer,
    reader: Arc<Mutex<Connection>>,
}

impl SqliteBooks {
    /// Opens the file, making it when it is not there, private to its owner.
    pub fn open(path: &Path) -> Result<Self, BillingError> {
        let opening = |error: file::FileError| BillingError::Unavailable {
            doing: "open its file",
            source: error.into(),
        };
        let db = file::open_writer(path).map_err(opening)?;
        let writer = Writer::start(db).map_err(|error| BillingError::Unavailable {
            doing: "start its thread",
            source: error.into(),
        })?;
        let reader = Arc::new(Mutex::new(file::open_reader(path).map_err(opening)?));
        Ok(Self { writer, reader })
    }

    /// Looks something up, off the async threads, in one view of the file.
    async fn read<T: Send + 'static>(
        &self,
        look_up: impl FnOnce(&Connection) -> Result<T, BillingError> + Send + 'static,
    ) -> Result<T, BillingError> {
        let mut reader = Arc::clone(&self.reader).lock_owned().await;
        let found = tokio::task::spawn_blocking(move || {
            let view = reader.transaction().map_err(trouble)?;
            look_up(&view)
        });
        found.await.map_err(|panicked| BillingError::Unavailable {
            doing: "read",
            source: panicked.into(),
        })?
    }
}

#[async_trait::async_trait]
impl BookStore for SqliteBooks {
    async fn apply(
        &self,
        command: Command,
        now: Timestamp,
    ) -> Result<Applied<Reply>, BillingError> {
        self.writer.apply(command, now).await
    }

    async fn balance(&self, account: AccountId, now: Timestamp) -> Result<Balance, BillingError> {
        self.read(move |db| {
            let mut books = look(db, &Needs::to_look_at(account, now))?;
            Ok(books.balance(account, now).unwrap_or_else(view::nothing))
        })
        .await
    }

    async fn lots(&self, account: AccountId, now: Timestamp) -> Result<Vec<Lot>, BillingError> {
        let look_up = move |db: &Connection| {
            Ok(look(db, &Needs::to_look_at(account, now))?.lots(account, now))
        };
        self.read(look_up).await
    }

    async fn hold(
        &self,
        hold: HoldId,
        now: Timestamp,
    ) -> Result<Option<HoldReceipt>, BillingError> {
        self.read(move |db| {
            let mut needs = Needs { now, ..Needs::default() };
            needs.holds.insert(hold);
            Ok(look(db, &needs)?.look_at(hold, now))
        })
        .await
    }

    async fn statement(
        &self,
        account: AccountId,
        after: u64,
        limit: usize,
    ) -> Result<Statement, BillingError> {
        self.read(move |db| {
            let mut books = Books::default();
            let id = account.to_string();
            let owner = LITE.select::<AccountRow>("id = ?1");
            fill(&mut books.accounts, &one(db, &owner, [&id])?)?;
            let page = "account = ?1 AND seq > ?2 AND seq <= ?3";
            let rows = params![id, int(after), int(view::last_of_page(after, limit))];
            fill(&mut books.entries, &one(db, &LITE.select::<EntryRow>(page), rows)?)?;
            Ok(books.statement(account, after, limit)?)
        })
        .await
    }

    async fn news(&self, limit: usize) -> Result<Vec<Event>, BillingError> {
        let first = "id IN (SELECT id FROM event ORDER BY at, id LIMIT ?1)";
        self.read(move |db| {
            let mut books = Books::default();
            let rows = params![int(limit as u64)];
            fill(&mut books.events, &one(db, &LITE.select::<EventRow>(first), rows)?)?;
            Ok(books.news(limit))
        })
        .await
    }

    async fn taken(&self, events: &[EventId]) -> Result<(), BillingError> {
        self.writer.taken(list(events)).await
    }

    async fn accounts(
        &self,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountId>, BillingError> {
        let later = format!(
            "id IN (SELECT id FROM {} WHERE id > ?1 ORDER BY id LIMIT ?2)",
            AccountRow::TABLE
        );
        self.read(move |db| {
            let mut books = Books::default();
            let after = after.map_or_else(String::new, |id| id.to_string());
            let rows = params![after, int(limit as u64)];
            fill(&mut books.accounts, &one(db, &LITE.select::<AccountRow>(&later), rows)?)?;
            Ok(books.accounts.all().map(|row| row.id).collect())
        })
        .await
    }

    async fn verify(&self, account: AccountId) -> Result<Option<Difference>, BillingError> {
        self.read(move |db| {
            let mut books = Books::default();
            let [owner, lots, holds, shares, entries, caps] = Dialect::Sqlite.everything();
            let id = account.to_string();
            fill(&mut books.accounts, &one(db, &LITE.select::<AccountRow>(&owner), [&id])?)?;
            fill(&mut books.lots, &one(db, &LITE.select::<LotRow>(&lots), [&id])?)?;
            fill(&mut books.holds, &one(db, &LITE.select::<HoldRow>(&holds), [&id])?)?;
            fill(&mut books.shares, &one(db, &LITE.select::<ShareRow>(&shares), [&id])?)?;
            fill(&mut books.entries, &one(db, &LITE.select::<EntryRow>(&entries), [&id])?)?;
            fill(&mut books.caps, &one(db, &LITE.select::<CapRow>(&caps), [&id])?)?;
            Ok(books.verify(account).err())
        })
        .await
    }
}

fn trouble(error: rusqlite::Error) -> BillingError {
    BillingError::Unavailable { doing: "read its file", source: error.into() }
}

fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
