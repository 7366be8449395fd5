//! The file, and how it is asked: one thing at a time, each in a transaction of its own.
//!
//! Signing in is rare beside what is done by somebody who is signed in, so that a sync for each
//! change is no burden, and everything that is answered is on the disk.

use crate::store::{FileError, Form, open_writer};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::{error::Error, fmt, path::Path, sync::Arc};
use tokio::sync::Mutex;

/// A file of identity: `d1id`.
const FORM: Form = Form {
    application: 0x6431_6964,
    migrations: &[
        include_str!("../../../migrations/identity/0001_keys.sql"),
        include_str!("../../../migrations/identity/0002_people.sql"),
        include_str!("../../../migrations/identity/0003_sessions.sql"),
        include_str!("../../../migrations/identity/0004_devices.sql"),
        include_str!("../../../migrations/identity/0005_enrolments.sql"),
        include_str!("../../../migrations/identity/0006_order_keys.sql"),
        include_str!("../../../migrations/identity/0007_federated_ids.sql"),
    ],
};

/// What went wrong underneath.
pub(super) type Cause = Box<dyn Error + Send + Sync>;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct IdentityFileError(FileError);

/// Signing keys, people and sign-ins in one SQLite file, private to its owner.
///
/// Several processes may use the same file. Cheap to clone.
#[derive(Clone)]
pub struct SqliteIdentity(Arc<Mutex<Connection>>);

impl SqliteIdentity {
    /// Opens the file, making it when it is not there.
    pub fn open(path: &Path) -> Result<Self, IdentityFileError> {
        let db = open_writer(path, &FORM).map_err(IdentityFileError)?;
        Ok(Self(Arc::new(Mutex::new(db))))
    }

    /// Looks something up, off the async threads.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        look_up: impl FnOnce(&Transaction<'_>) -> Result<T, Cause> + Send + 'static,
    ) -> Result<T, Cause> {
        self.run(TransactionBehavior::Deferred, move |db| look_up(&db)).await
    }

    /// Changes something, whole or not at all; on the disk when it returns. What is refused
    /// changes nothing.
    pub(super) async fn change<T: Send + 'static, E: Send + 'static>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<Result<T, E>, Cause> + Send + 'static,
    ) -> Result<Result<T, E>, Cause> {
        let work = move |db: Transaction<'_>| match change(&db)? {
            Ok(value) => Ok(db.commit().map(|()| Ok(value))?),
            Err(refused) => Ok(Err(refused)),
        };
        self.run(TransactionBehavior::Immediate, work).await
    }

    async fn run<T: Send + 'static>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(Transaction<'_>) -> Result<T, Cause> + Send + 'static,
    ) -> Result<T, Cause> {
        let mut db = Arc::clone(&self.0).lock_owned().await;
        let worked = tokio::task::spawn_blocking(move || {
            // What is dropped without a commit is rolled back.
            work(db.transaction_with_behavior(behavior)?)
        });
        worked.await?
    }
}

impl fmt::Debug for SqliteIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteIdentity").finish_non_exhaustive()
    }
}
