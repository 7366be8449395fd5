//! One batch of commands, in one transaction.
//!
//! When everything that the commands need is on the shelf, they are decided at once and written
//! with one statement, which does nothing unless every account is as it was when it was put
//! there. Otherwise, and when that failed, the accounts are locked, what is missing is read, and
//! then it is decided and written. So the shelf saves time and never decides what is true.

use super::{
    super::{shelf::Shelf, sql::Needs},
    rows::{Owner, load, lock, stands},
    write::{Stamp, save},
    writing,
};
use crate::{Applied, BillingError, Command, Reply};
use d1_core::{AccountId, Timestamp};
use sqlx::{Connection as _, PgConnection, PgPool, Postgres, pool::PoolConnection};
use std::collections::{BTreeMap, BTreeSet};

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

/// How many accounts are remembered with who wrote them; with more, all is forgotten.
const STAMPS: usize = 131_072;

pub(super) type Answer = Result<Applied<Reply>, BillingError>;

/// Where the batches of one lane are done.
#[derive(Debug)]
pub(super) struct Desk {
    pool: PgPool,
    /// The lane's own connection, as long as it works.
    db: Option<PoolConnection<Postgres>>,
    kept: Kept,
}

impl Desk {
    pub(super) fn new(pool: PgPool) -> Self {
        Self { pool, db: None, kept: Kept::default() }
    }

    /// Does a batch. When the database refuses it, its commands are tried one by one, so that
    /// none suffers for another.
    pub(super) async fn answer(&mut self, commands: &[Command], now: Timestamp) -> Vec<Answer> {
        match self.commit(commands, now).await {
            Ok(answers) => return answers,
            Err(error) if is_worth_another_try(&error) => {}
            Err(error) if commands.len() == 1 => return vec![Err(told(error))],
            Err(error) => {
                let text = told(error).to_string();
                let unavailable =
                    || BillingError::Unavailable { doing: "commit", source: text.clone().into() };
                return commands.iter().map(|_command| Err(unavailable())).collect();
            }
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

/// What a lane keeps between two batches.
#[derive(Debug, Default)]
struct Kept {
    shelf: Shelf,
    /// Which transaction wrote each account that is on the shelf.
    stamps: BTreeMap<AccountId, Stamp>,
    /// Whether somebody else has just changed what was here: then it is locked at once.
    is_disputed: bool,
}

impl Kept {
    async fn commit(
        &mut self,
        db: &mut PgConnection,
        commands: &[Command],
        now: Timestamp,
    ) -> Result<Vec<Answer>, BillingError> {
        if self.stamps.len() > STAMPS {
            self.clear();
        }
        let concerned = self.shelf.concerned(commands, now);
        if !self.is_disputed && self.shelf.is_enough(commands, &concerned, now) {
            match self.at_once(db, commands, &concerned, now).await {
                Ok(Some(answers)) => return Ok(answers),
                Ok(None) => {}
                Err(error) if is_worth_another_try(&error) => {}
                Err(error) => return Err(error),
            }
            self.shelf.clear();
        }
        self.locked(db, commands, now).await
    }

    /// Decides with what is on the shelf; nothing when that is not right any more.
    async fn at_once(
        &mut self,
        db: &mut PgConnection,
        commands: &[Command],
        concerned: &BTreeSet<AccountId>,
        now: Timestamp,
    ) -> Result<Option<Vec<Answer>>, BillingError> {
        let answers = self.decide(commands, now);
        let refused = commands.iter().zip(&answers).filter(|(_, answer)| answer.is_err());
        let refused: Vec<&Command> = refused.map(|(command, _)| command).collect();
        if !refused.is_empty() {
            let mut needs = Needs::of(refused.into_iter().map(|command| (command, now)));
            let books = &self.shelf.books;
            needs.holds.retain(|hold| books.holds.get(&(*hold,)).is_none());
            needs.quotes.retain(|quote| books.quotes.get(&(*quote,)).is_none());
            let seen: Vec<_> = concerned.iter().map(|id| (*id, self.stamp(*id))).collect();
            if !stands(db, &needs, &seen).await? {
                return Ok(None);
            }
        }
        if answers.iter().any(Result::is_ok) {
            self.write(db, concerned).await?;
            // Written and committed is one and the same here.
            fault::point("ledger.written");
            fault::point("ledger.committed");
        }
        self.shelf.put_away();
        Ok(Some(answers))
    }

    /// Decides while nobody else changes what it is about.
    async fn locked(
        &mut self,
        db: &mut PgConnection,
        commands: &[Command],
        now: Timestamp,
    ) -> Result<Vec<Answer>, BillingError> {
        let mut needs = Needs::of(commands.iter().map(|command| (command, now)));
        loop {
            let mut change = db.begin().await.map_err(writing)?;
            let owners = lock(&mut change, &needs, "FOR UPDATE").await?;
            let here: BTreeSet<_> = owners.iter().map(|(row, _stamp)| row.id).collect();
            self.see(&owners);
            let missing = self.shelf.missing(commands, now);
            load(&mut change, &mut self.shelf, owners, &missing, commands).await?;
            let concerned = self.shelf.concerned(commands, now);
            // A hold may have been made while we waited; and the organisation in which it was
            // made counts it, though its account left.
            let missed = concerned.iter().filter(|id| !here.contains(id));
            let missed: Vec<_> = missed.filter(|id| !needs.accounts.contains(id)).collect();
            if !missed.is_empty() {
                needs.accounts.extend(missed);
                // From the start, so that all are locked in the order of their names; and what was
                // read before its turn may be old by then.
                self.shelf.clear();
                change.rollback().await.map_err(writing)?;
                continue;
            }
            let answers = self.decide(commands, now);
            if answers.iter().any(|answer| matches!(answer, Ok(Applied::Fresh(_)))) {
                self.write(&mut change, &concerned).await?;
                fault::point("ledger.written");
                change.commit().await.map_err(writing)?;
                fault::point("ledger.committed");
            } else {
                change.rollback().await.map_err(writing)?;
            }
            for account in missing.accounts {
                if !here.contains(&account) && self.stamps.contains_key(&account) {
                    // Made here, so nothing of it is elsewhere.
                    self.shelf.has_whole(account, None);
                }
            }
            self.shelf.put_away();
            return Ok(answers);
        }
    }

    /// Compares the accounts with those on the shelf.
    fn see(&mut self, owners: &[Owner]) {
        let is_old =
            |(row, stamp): &Owner| self.stamps.get(&row.id).is_some_and(|old| old != stamp);
        self.is_disputed = owners.iter().any(is_old);
        if self.is_disputed {
            self.shelf.clear();
            self.stamps.clear();
        }
        self.stamps.extend(owners.iter().map(|(row, stamp)| (row.id, *stamp)));
    }

    fn decide(&mut self, commands: &[Command], now: Timestamp) -> Vec<Answer> {
        let books = &mut self.shelf.books;
        commands.iter().map(|command| books.apply(command, now)).collect()
    }

    /// Writes what was decided, and every account that it is about, so that others see it.
    async fn write(
        &mut self,
        db: &mut PgConnection,
        concerned: &BTreeSet<AccountId>,
    ) -> Result<(), BillingError> {
        for account in concerned {
            self.shelf.books.accounts.touch(&(*account,));
        }
        let stamps = &self.stamps;
        let seen = |account| stamps.get(&account).copied().unwrap_or_default();
        if let Some(stamp) = save(db, &mut self.shelf.books, seen).await? {
            let books = &self.shelf.books;
            let there = concerned.iter().filter(|id| books.accounts.get(&(**id,)).is_some());
            self.stamps.extend(there.map(|id| (*id, stamp)));
        }
        Ok(())
    }

    fn stamp(&self, account: AccountId) -> Stamp {
        self.stamps.get(&account).copied().unwrap_or_default()
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

/// What the database says of an error, when it was the one to say no.
fn code(error: &BillingError) -> Option<String> {
    let BillingError::Unavailable { source, .. } = error else { return None };
    let Some(sqlx::Error::Database(error)) = source.downcast_ref() else { return None };
    error.code().map(std::borrow::Cow::into_owned)
}

/// Whether the same may work at once: somebody else has just made the same row, or waits for
/// us while we wait for them. Never true when it is not known whether it was done.
fn is_worth_another_try(error: &BillingError) -> bool {
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
