//! What tests need to see and do (feature `testing`).

use super::{SqliteSetupStore, deeds};
use d1_core::StoreError;
use std::sync::mpsc;

impl SqliteSetupStore {
    /// How many transactions were committed since it was opened.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }

    /// How many writes wait for the writer.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.writer.waiting()
    }

    /// Holds the writer, in a transaction that changes nothing, until what is given here
    /// is dropped. Whoever writes meanwhile waits in the queue.
    pub async fn hold(&self) -> mpsc::Sender<()> {
        let (release, held) = mpsc::channel();
        let (tell, stopped) = tokio::sync::oneshot::channel();
        let holding = self.writer.run(deeds::SAVE, move |_| {
            _ = (tell.send(()), held.recv());
            Ok(())
        });
        tokio::select! {
            _ = holding => {}
            _ = stopped => {}
        }
        release
    }

    /// Ends the transaction that is under way without writing it, as a failing disk does.
    pub async fn spoil(&self) -> Result<(), StoreError> {
        self.writer.run(deeds::SAVE, |db| Ok(db.execute_batch("ROLLBACK")?)).await
    }

    /// Lets the file grow no further, as on a full disk.
    pub async fn fill_up(&self) -> Result<(), StoreError> {
        self.allow_pages(1).await
    }

    /// Lets the file grow again.
    pub async fn make_room(&self) -> Result<(), StoreError> {
        self.allow_pages(u32::MAX - 1).await
    }

    async fn allow_pages(&self, pages: u32) -> Result<(), StoreError> {
        let sql = format!("PRAGMA max_page_count = {pages}");
        self.writer.run(deeds::SAVE, move |db| Ok(db.query_row(&sql, [], |_row| Ok(()))?)).await
    }
}
