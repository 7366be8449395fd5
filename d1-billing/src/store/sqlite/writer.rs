//! The one thread that writes, many commands to a sync.
//!
//! 1. A caller puts a command into a bounded queue and waits.
//! 2. The thread takes every command that waits, begins to write, and reads the rows they need
//!    that are not on its shelf. Nobody else writes now; if somebody has since the last batch,
//!    the shelf is cleared.
//! 3. The books decide, one command after the other.
//! 4. What changed is written and synced. Only now the callers are answered.
//!
//! When a constraint of the database refuses a batch, its commands are tried one by one, so
//! that none suffers for another. After an error of the disk nothing more is written: what it
//! still has is no longer certain.

use super::{
    super::shelf::Shelf,
    crowd::Crowd,
    rows::{load, save},
};
use crate::{Applied, BillingError, Command, Reply};
use d1_core::Timestamp;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use std::{fmt, io, thread, time::Instant};
use tokio::sync::{mpsc, oneshot};

#[cfg(feature = "testing")]
use d1_core::fault;
#[cfg(not(feature = "testing"))]
mod fault {
    /// Fault points are for tests alone.
    pub(super) const fn point(_name: &str) {}
}

/// How many commands may wait; whoever comes later waits to put its own in.
const QUEUE: usize = 4096;

/// How many commands one transaction takes at most, so that none waits long for its answer.
pub(super) const BATCH: usize = 1024;

type Answer = Result<Applied<Reply>, BillingError>;

pub(super) enum Job {
    Apply { command: Command, now: Timestamp, tell: oneshot::Sender<Answer> },
    Taken { events: String, tell: oneshot::Sender<Result<(), BillingError>> },
}

/// Hands commands to the thread that writes. Dropping it waits until every one is done.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(db: Connection) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let thread = thread::Builder::new().name("d1-ledger".into());
        let thread = thread.spawn(move || Batches::of(db).run(queue))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    pub(super) async fn apply(&self, command: Command, now: Timestamp) -> Answer {
        let (tell, told) = oneshot::channel();
        self.send(Job::Apply { command, now, tell }).await?;
        told.await.unwrap_or_else(|_gone| Err(stopped()))
    }

    pub(super) async fn taken(&self, events: String) -> Result<(), BillingError> {
        let (tell, told) = oneshot::channel();
        self.send(Job::Taken { events, tell }).await?;
        told.await.unwrap_or_else(|_gone| Err(stopped()))
    }

    async fn send(&self, job: Job) -> Result<(), BillingError> {
        match &self.jobs {
            Some(jobs) => jobs.send(job).await.map_err(|_gone| stopped()),
            None => Err(stopped()),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(Err(_panicked)) = self.thread.take().map(thread::JoinHandle::join) {
            tracing::error!("the thread that writes the ledger panicked");
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

struct Batches {
    db: Connection,
    shelf: Shelf,
    /// The version of the file that the shelf is of.
    seen: Option<i64>,
    /// Whether the disk failed once.
    broken: bool,
}

impl Batches {
    fn of(db: Connection) -> Self {
        Self { db, shelf: Shelf::default(), seen: None, broken: false }
    }

    fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let (mut jobs, mut crowd) = (Vec::new(), Crowd::default());
        while queue.blocking_recv_many(&mut jobs, BATCH) > 0 {
            crowd.gather(&mut queue, &mut jobs);
            let (began, asked) = (Instant::now(), jobs.len());
            let (mut commands, mut tells, mut now) = (Vec::new(), Vec::new(), Timestamp(0));
            for job in jobs.drain(..) {
                match job {
                    Job::Apply { command, now: at, tell } => {
                        now = now.max(at);
                        commands.push(command);
                        tells.push(tell);
                    }
                    Job::Taken { events, tell } => drop(tell.send(self.forget(&events))),
                }
            }
            let answers = self.answer(&commands, now);
            crowd = Crowd { size: asked + queue.len(), took: began.elapsed() };
            for (tell, answer) in tells.into_iter().zip(answers) {
                // Nobody there to hear it any more: what is written stays written.
                drop(tell.send(answer));
            }
        }
    }

    fn answer(&mut self, commands: &[Command], now: Timestamp) -> Vec<Answer> {
        match self.commit(commands, now) {
            Ok(answers) => answers,
            Err(Failure::Constraint(_)) if commands.len() > 1 => commands
                .iter()
                .flat_map(|one| self.answer(std::slice::from_ref(one), now))
                .collect(),
            Err(failure) => commands.iter().map(|_command| Err(failure.told())).collect(),
        }
    }

    fn commit(&mut self, commands: &[Command], now: Timestamp) -> Result<Vec<Answer>, Failure> {
        if self.broken {
            return Err(Failure::Storage("its disk has failed; start the program again".into()));
        }
        if commands.is_empty() {
            return Ok(vec![]);
        }
        fault::point("ledger.begin");
        let done = self.in_transaction(commands, now);
        self.broken |= matches!(done, Err(Failure::Disk(_)));
        if done.is_ok() {
            self.shelf.put_away();
            fault::point("ledger.committed");
        } else {
            self.shelf.clear();
        }
        done
    }

    fn in_transaction(
        &mut self,
        commands: &[Command],
        now: Timestamp,
    ) -> Result<Vec<Answer>, Failure> {
        let Self { db, shelf, seen, .. } = self;
        // Never deferred: what was read could be old when it is written.
        let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version = version(&change)?;
        if *seen != Some(version) {
            shelf.clear();
            *seen = Some(version);
        }
        let missing = shelf.missing(commands, now);
        load(&change, shelf, &missing, commands).map_err(Failure::from_loading)?;
        let books = &mut shelf.books;
        let answers: Vec<Answer> =
            commands.iter().map(|command| books.apply(command, now)).collect();
        // What is refused writes nothing, and nothing is synced for it.
        if save(&change, books)? {
            fault::point("ledger.written");
            change.commit()?;
        }
        Ok(answers)
    }

    fn forget(&mut self, events: &str) -> Result<(), BillingError> {
        let sql = "DELETE FROM event WHERE id IN (SELECT value FROM json_each(?1))";
        let done = self.db.execute(sql, [events]).map(drop);
        done.map_err(|error| Failure::from(error).told())
    }
}

/// Changes when another connection has changed the file.
fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

/// Why a batch was not written.
enum Failure {
    /// A rule of the database is against it.
    Constraint(String),
    /// The disk has failed.
    Disk(String),
    /// Something else is wrong for now.
    Storage(String),
    /// The books cannot be read.
    Damaged(String),
}

impl Failure {
    fn from_loading(error: BillingError) -> Self {
        match error {
            BillingError::Damaged(what) => Self::Damaged(what),
            BillingError::Unavailable { source, .. } => Self::Storage(source.to_string()),
            error @ BillingError::Refused(_) => Self::Storage(error.to_string()),
        }
    }

    fn told(&self) -> BillingError {
        match self {
            Self::Constraint(what) | Self::Damaged(what) => BillingError::Damaged(what.clone()),
            Self::Disk(what) | Self::Storage(what) => {
                BillingError::Unavailable { doing: "write", source: what.clone().into() }
            }
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => Self::Constraint(text),
            Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt) => Self::Disk(text),
            _ => Self::Storage(text),
        }
    }
}

fn stopped() -> BillingError {
    let source = "the thread that writes it has ended; start the program again".into();
    BillingError::Unavailable { doing: "write", source }
}
