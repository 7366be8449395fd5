//! Batches of commands, each in one transaction.
//!
//! When the database refuses a batch, its commands are tried one by one, so that none suffers for
//! another.
//!
//! A large batch that is decided at once is sent by a task of its own, so that the next one can be
//! decided meanwhile: with what this one leaves behind, and only to be sent when it is written.

use super::{
    kept::Kept,
    sealed::{Landed, Sealed},
    writing,
};
use crate::{Applied, BillingError, Command, Reply};
use d1_core::{Supervisor, Timestamp};
use sqlx::{PgPool, Postgres, pool::PoolConnection};
use tokio::sync::oneshot;

#[cfg(feature = "testing")]
use d1_core::fault;
#[cfg(not(feature = "testing"))]
mod fault {
    /// Fault points are for tests alone.
    pub(super) const fn point(_name: &str) {}
}

/// How often a command is tried by itself when another process was faster with a row that did
/// not exist before, or when the database had to choose between two. Each time, somebody else
/// has got further.
const TRIES: usize = 8;

pub(super) type Answer = Result<Applied<Reply>, BillingError>;

/// A batch on its way, and the connection that comes back with what became of it.
pub(super) type Flight =
    oneshot::Receiver<(PoolConnection<Postgres>, Result<Landed, BillingError>)>;

/// Where the batches of one lane are done.
#[derive(Debug)]
pub(super) struct Desk {
    pool: PgPool,
    supervisor: Supervisor,
    /// The lane's own connection, as long as it works and no batch is on its way.
    db: Option<PoolConnection<Postgres>>,
    kept: Kept,
}

impl Desk {
    pub(super) fn new(pool: PgPool, supervisor: Supervisor) -> Self {
        Self { pool, supervisor, db: None, kept: Kept::default() }
    }

    /// Decides a batch with what is on the shelf, to be sent when the one before it is written;
    /// nothing when the shelf is not enough.
    pub(super) fn seal(&mut self, commands: &[Command], now: Timestamp) -> Option<Sealed> {
        let concerned = self.kept.is_enough(commands, now)?;
        let sealed = self.kept.seal(commands, concerned, now);
        if sealed.is_err() {
            // It is tried again, and whoever does tells why.
            self.is_void();
        }
        sealed.ok()
    }

    /// Whether a batch can be sent.
    pub(super) const fn is_connected(&self) -> bool {
        self.db.is_some()
    }

    /// Sends a batch off; nothing when there is no connection.
    pub(super) fn send(&mut self, sealed: Sealed) -> Option<Flight> {
        let mut db = self.db.take()?;
        let seen = self.kept.stamps_of(&sealed.concerned);
        let (tell, told) = oneshot::channel();
        self.supervisor.run("ledger batch", async move {
            fault::point("ledger.begin");
            let done = sealed.send(&mut db, &seen).await;
            // A lane that is gone has nobody to tell.
            drop(tell.send((db, done)));
        });
        Some(told)
    }

    /// What became of a batch that was sent: its answers, or nothing when it is not written and may
    /// be tried again. Then what was decided with what it left behind is void.
    pub(super) async fn land(
        &mut self,
        flight: &mut Flight,
    ) -> Result<Option<Vec<Answer>>, BillingError> {
        let (db, done) = flight.await.map_err(|_gone| super::lanes::stopped())?;
        match done {
            Ok(Landed::Kept { answers, there, stamp }) => {
                self.db = Some(db);
                self.kept.is_written(there, stamp);
                Ok(Some(answers))
            }
            Ok(Landed::Stale) => {
                self.db = Some(db);
                Ok(None)
            }
            Err(error) if is_worth_another_try(&error) => {
                self.db = Some(db);
                Ok(None)
            }
            // Nobody knows what became of it, nor of the connection.
            Err(error) => {
                self.kept.clear();
                Err(error)
            }
        }
    }

    /// Whatever was decided last is not written.
    pub(super) fn is_void(&mut self) {
        self.kept.is_void();
    }

    /// Does a batch. When the database refuses it, its commands are tried one by one, so that
    /// none suffers for another.
    pub(super) async fn answer(&mut self, commands: &[Command], now: Timestamp) -> Vec<Answer> {
        match self.commit(commands, now).await {
            Ok(answers) => return answers,
            Err(error) if is_worth_another_try(&error) => {}
            Err(error) => return failed(commands.len(), error),
        }
        let mut answers = Vec::with_capacity(commands.len());
        for command in commands {
            answers.push(self.alone(command, now).await);
        }
        answers
    }

    async fn alone(&mut self, command: &Command, now: Timestamp) -> Answer {
        let mut tries = 1;
        loop {
            match self.commit(std::slice::from_ref(command), now).await {
                Ok(mut answers) => return answers.pop().unwrap_or_else(|| Err(nobody_answered())),
                Err(error) if tries < TRIES && is_worth_another_try(&error) => tries += 1,
                Err(error) => return Err(told(error)),
            }
        }
    }

    async fn commit(
        &mut self,
        commands: &[Command],
        now: Timestamp,
    ) -> Result<Vec<Answer>, BillingError> {
        fault::point("ledger.begin");
        let db = match &mut self.db {
            Some(db) => db,
            none => none.insert(self.pool.acquire().await.map_err(writing)?),
        };
        let done = self.kept.commit(db, commands, now).await;
        if let Err(error) = &done {
            self.kept.clear();
            if !is_worth_another_try(error) {
                // Nobody knows what became of it, nor of the connection.
                self.db = None;
            }
        }
        done
    }
}

/// Nobody knows whether it was done; whoever asked is told so.
pub(super) fn failed(commands: usize, error: BillingError) -> Vec<Answer> {
    let error = told(error);
    if commands == 1 {
        return vec![Err(error)];
    }
    let text = error.to_string();
    let unavailable = || BillingError::Unavailable { doing: "commit", source: text.clone().into() };
    (0..commands).map(|_command| Err(unavailable())).collect()
}

/// What the database says of an error, when it was the one to say no.
fn code(error: &BillingError) -> Option<String> {
    let BillingError::Unavailable { source, .. } = error else { return None };
    let Some(sqlx::Error::Database(error)) = source.downcast_ref() else { return None };
    error.code().map(std::borrow::Cow::into_owned)
}

/// Whether the same may work at once: somebody else has just made the same row, or waits for
/// us while we wait for them. Never true when it is not known whether it was done.
pub(super) fn is_worth_another_try(error: &BillingError) -> bool {
    let code = code(error).unwrap_or_default();
    code.starts_with("23") || matches!(&*code, "40001" | "40P01" | "55P03")
}

/// As the caller is told: what the database still refuses is no passing trouble.
fn told(error: BillingError) -> BillingError {
    match &error {
        BillingError::Unavailable { source, .. } => match source.downcast_ref() {
            Some(sqlx::Error::Database(refused))
                if refused.code().is_some_and(|code| code.starts_with("23")) =>
            {
                BillingError::Damaged(refused.message().to_owned())
            }
            Some(_) | None => error,
        },
        BillingError::Refused(_) | BillingError::Damaged(_) => error,
    }
}

fn nobody_answered() -> BillingError {
    BillingError::Damaged("a command had no answer".to_owned())
}
