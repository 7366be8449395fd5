//! The one thread that writes, many writes to a sync.
//!
//! 1. A caller puts a job into a bounded queue and waits.
//! 2. The thread takes every job that waits and runs them in one transaction, each in a
//!    savepoint of its own, so that a refused one leaves nothing behind.
//! 3. It commits, and syncs when one of them has to last.
//! 4. Only now the callers are answered. One that went away meanwhile changes nothing.
//!
//! When the transaction fails, all its jobs have failed, and the next one begins anew.

use super::deeds::Deed;
use d1_core::JournalError;
use rusqlite::{Connection, ErrorCode, ffi};
use std::{error::Error, fmt, io, sync::Arc, thread};
use tokio::sync::{mpsc, oneshot};

#[cfg(feature = "testing")]
use d1_core::fault;
#[cfg(not(feature = "testing"))]
mod fault {
    /// Fault points are for tests alone.
    pub(super) const fn point(_name: &str) {}
}

/// How many jobs may wait; whoever comes later waits to put its own in.
pub(super) const QUEUE: usize = 1024;

/// How many jobs one transaction takes at most, so that none waits long for its answer.
const BATCH: usize = 256;

/// Why a job was not done.
#[derive(Debug)]
pub(super) enum Fault {
    /// By the rules.
    Refused(JournalError),
    /// By trouble with the storage.
    Storage(Cause),
}

/// What went wrong underneath.
pub(super) type Cause = Box<dyn Error + Send + Sync>;

/// What a transaction died of; every job in it is told.
type Shared = Arc<rusqlite::Error>;

type Work = Box<dyn FnOnce(Result<&Connection, Shared>) -> Answer + Send>;
type Answer = Box<dyn FnOnce(Result<(), Shared>) + Send>;

struct Job {
    deed: Deed,
    work: Work,
}

/// Hands jobs to the thread that writes. Dropping it waits until every job is done.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
    #[cfg(feature = "testing")]
    commits: Arc<std::sync::atomic::AtomicU64>,
}

impl Writer {
    /// Begins to write to `db`.
    pub(super) fn start(db: Connection) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        #[cfg(feature = "testing")]
        let commits = Arc::default();
        let batches = Batches {
            db,
            is_syncing: true,
            #[cfg(feature = "testing")]
            commits: Arc::clone(&commits),
        };
        let thread = thread::Builder::new().name("d1-journal".into());
        let thread = thread.spawn(move || batches.run(queue))?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
            #[cfg(feature = "testing")]
            commits,
        })
    }

    /// Does `work` in a transaction, whole or not at all, and tells what came of it once
    /// that is certain.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        deed: Deed,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, JournalError> {
        let (tell, told) = oneshot::channel();
        let work: Work = Box::new(move |db| {
            let done = db.map_err(Fault::from).and_then(|db| in_savepoint(db, work));
            Box::new(move |committed| {
                let done = done.and_then(|value| Ok(committed.map(|()| value)?));
                // Nobody there to hear it any more: what is written stays written.
                drop(tell.send(done));
            })
        });
        let done = match &self.jobs {
            Some(jobs) if jobs.send(Job { deed, work }).await.is_ok() => told.await,
            Some(_) | None => return Err(stopped(deed)),
        };
        match done {
            Ok(done) => done.map_err(|fault| fault.while_doing(deed.doing)),
            Err(_gone) => Err(stopped(deed)),
        }
    }
}

#[cfg(feature = "testing")]
impl Writer {
    /// How many transactions were committed so far.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// How many jobs wait.
    pub(super) fn waiting(&self) -> usize {
        self.jobs.as_ref().map_or(0, |jobs| QUEUE - jobs.capacity())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(Err(_panicked)) = self.thread.take().map(thread::JoinHandle::join) {
            tracing::error!("the thread that writes the journal panicked");
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

/// The writing side of the queue's other end.
struct Batches {
    db: Connection,
    is_syncing: bool,
    #[cfg(feature = "testing")]
    commits: Arc<std::sync::atomic::AtomicU64>,
}

impl Batches {
    fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        while let Some(first) = queue.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(next) = queue.try_recv()
            {
                batch.push(next);
            }
            self.write(batch);
        }
    }

    fn write(&mut self, batch: Vec<Job>) {
        let lasts = batch.iter().any(|job| job.deed.lasts);
        let begun = self.begin(lasts).map_err(Arc::new);
        let mut answers = Vec::with_capacity(batch.len());
        for Job { deed, work } in batch {
            fault::point(deed.before);
            let open = begun.clone().and_then(|()| self.still_open());
            answers.push((deed, work(open.map(|()| &self.db))));
        }
        let committed = begun.and_then(|()| self.commit());
        for (deed, answer) in answers {
            if committed.is_ok() {
                fault::point(deed.after);
            }
            answer(committed.clone());
        }
    }

    /// Begins a transaction that is synced when it commits, if it has to last. What is
    /// not synced comes to the disk with the next one that is: in a write-ahead log
    /// nothing can be there without all that is before it.
    fn begin(&mut self, lasts: bool) -> rusqlite::Result<()> {
        if !self.db.is_autocommit() {
            self.db.execute_batch("ROLLBACK")?;
        }
        if lasts != self.is_syncing {
            let mode = if lasts { "full" } else { "normal" };
            self.db.pragma_update(None, "synchronous", mode)?;
            self.is_syncing = lasts;
        }
        self.db.execute_batch("BEGIN IMMEDIATE")
    }

    /// Some errors end the whole transaction; what comes after must not begin its own.
    fn still_open(&self) -> Result<(), Shared> {
        if self.db.is_autocommit() { Err(Arc::new(rolled_back())) } else { Ok(()) }
    }

    fn commit(&self) -> Result<(), Shared> {
        self.still_open()?;
        if let Err(error) = self.db.execute_batch("COMMIT") {
            if !self.db.is_autocommit() {
                // When even this fails, the next transaction tries it again before it begins.
                drop(self.db.execute_batch("ROLLBACK"));
            }
            return Err(Arc::new(error));
        }
        #[cfg(feature = "testing")]
        self.commits.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Ok(())
    }
}

fn in_savepoint<T>(
    db: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    db.execute_batch("SAVEPOINT job")?;
    let done = work(db);
    let end = if done.is_ok() { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
    if !db.is_autocommit() {
        db.execute_batch(end)?;
    }
    done
}

fn rolled_back() -> rusqlite::Error {
    let code = ffi::Error { code: ErrorCode::OperationAborted, extended_code: ffi::SQLITE_ABORT };
    let why = "another write of the same moment failed, and this one with it";
    rusqlite::Error::SqliteFailure(code, Some(why.to_owned()))
}

fn stopped(deed: Deed) -> JournalError {
    let source = "the thread that writes it has ended; start the program again".into();
    JournalError::Backend { doing: deed.doing, source }
}

impl Fault {
    /// As the port tells it.
    pub(super) fn while_doing(self, doing: &'static str) -> JournalError {
        match self {
            Self::Refused(error) => error,
            Self::Storage(source) => JournalError::Backend { doing, source },
        }
    }
}

impl From<JournalError> for Fault {
    fn from(refused: JournalError) -> Self {
        Self::Refused(refused)
    }
}

impl From<Shared> for Fault {
    fn from(error: Shared) -> Self {
        Self::Storage(error.into())
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl From<std::num::TryFromIntError> for Fault {
    fn from(error: std::num::TryFromIntError) -> Self {
        Self::Storage(error.into())
    }
}
