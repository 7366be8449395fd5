//! What a lane keeps between two batches, and decides with.
//!
//! When everything that the commands need is on the shelf, they are decided at once and written
//! with one statement, which does nothing unless every account is as it was when it was put
//! there. Otherwise, and when that failed, the accounts are locked, what is missing is read, and
//! then it is decided and written. So the shelf saves time and never decides what is true.

use super::{
    super::{shelf::Shelf, sql::Needs},
    batch::{Answer, is_worth_another_try},
    rows::{Owner, load, lock},
    sealed::{Landed, Sealed, Stamps},
    write::{Stamp, Statement},
    writing,
};
use crate::{Applied, BillingError, Command};
use d1_core::{AccountId, Timestamp};
use sqlx::{Connection as _, PgConnection};
use std::collections::BTreeSet;

#[cfg(feature = "testing")]
use d1_core::fault;
#[cfg(not(feature = "testing"))]
mod fault {
    /// Fault points are for tests alone.
    pub(super) const fn point(_name: &str) {}
}

/// How many accounts are remembered with who wrote them; with more, all is forgotten.
const STAMPS: usize = 131_072;

/// What a lane keeps between two batches.
#[derive(Debug, Default)]
pub(super) struct Kept {
    shelf: Shelf,
    /// Which transaction wrote each account that is on the shelf.
    stamps: Stamps,
    /// Whether somebody else has just changed what was here: then it is locked at once.
    is_disputed: bool,
}

impl Kept {
    /// Does a batch, and tells the answers when it is committed.
    pub(super) async fn commit(
        &mut self,
        db: &mut PgConnection,
        commands: &[Command],
        now: Timestamp,
    ) -> Result<Vec<Answer>, BillingError> {
        if self.stamps.len() > STAMPS {
            self.clear();
        }
        if let Some(concerned) = self.is_enough(commands, now) {
            let seen = self.stamps_of(&concerned);
            let sealed = self.seal(commands, concerned, now)?;
            match sealed.send(db, &seen).await {
                Ok(Landed::Kept { answers, there, stamp }) => {
                    self.is_written(there, stamp);
                    return Ok(answers);
                }
                Ok(Landed::Stale) => {}
                Err(error) if is_worth_another_try(&error) => {}
                Err(error) => return Err(error),
            }
            self.shelf.clear();
        }
        self.locked(db, commands, now).await
    }

    /// Every account that the commands are about, when they can be decided with what is here.
    pub(super) fn is_enough(&self, commands: &[Command], now: Timestamp) -> Option<Vec<AccountId>> {
        let concerned = self.shelf.concerned(commands, now);
        let is_enough = !self.is_disputed && self.shelf.is_enough(commands, &concerned, now);
        is_enough.then(|| concerned.into_iter().collect())
    }

    /// Decides with what is on the shelf, which then has what is left when it is written.
    pub(super) fn seal(
        &mut self,
        commands: &[Command],
        concerned: Vec<AccountId>,
        now: Timestamp,
    ) -> Result<Sealed, BillingError> {
        let answers = self.decide(commands, now);
        let books = &mut self.shelf.books;
        let refused = commands.iter().zip(&answers).filter(|(_, answer)| answer.is_err());
        let refused: Vec<&Command> = refused.map(|(command, _)| command).collect();
        let refused = (!refused.is_empty()).then(|| {
            let mut needs = Needs::of(refused.into_iter().map(|command| (command, now)));
            needs.holds.retain(|hold| books.holds.get(&(*hold,)).is_none());
            needs.quotes.retain(|quote| books.quotes.get(&(*quote,)).is_none());
            needs
        });
        let is_changed = answers.iter().any(Result::is_ok);
        let statement = if is_changed { self.statement(&concerned)? } else { None };
        let accounts = &self.shelf.books.accounts;
        let there = concerned.iter().filter(|id| accounts.get(&(**id,)).is_some());
        let there = there.copied().collect();
        self.shelf.put_away();
        Ok(Sealed { answers, concerned, there, refused, statement })
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
                let concerned: Vec<AccountId> = concerned.into_iter().collect();
                if let Some(statement) = self.statement(&concerned)? {
                    let stamp = statement.send(&mut change, &self.stamps).await?;
                    let accounts = &self.shelf.books.accounts;
                    let there = concerned.iter().filter(|id| accounts.get(&(**id,)).is_some());
                    self.is_written(there.copied().collect(), Some(stamp));
                }
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

    /// What was decided, and every account that it is about, so that others see it.
    fn statement(&mut self, concerned: &[AccountId]) -> Result<Option<Statement>, BillingError> {
        for account in concerned {
            self.shelf.books.accounts.touch(&(*account,));
        }
        Statement::of(&mut self.shelf.books)
    }

    /// Who wrote these accounts; what nobody knows of was written by nobody.
    pub(super) fn stamps_of(&self, accounts: &[AccountId]) -> Stamps {
        let stamp = |id: &AccountId| (*id, self.stamps.get(id).copied().unwrap_or_default());
        accounts.iter().map(stamp).collect()
    }

    /// These accounts were written, by this transaction.
    pub(super) fn is_written(&mut self, there: Vec<AccountId>, stamp: Option<Stamp>) {
        if let Some(stamp) = stamp {
            self.stamps.extend(there.into_iter().map(|id| (id, stamp)));
        }
    }

    /// Whatever was decided last is not written.
    pub(super) fn is_void(&mut self) {
        self.shelf.clear();
    }

    /// Nothing is known any more.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
