//! A [`BookStore`] that forgets when dropped.

use super::BookStore;
use crate::{
    Applied, Balance, BillingError, Command, Difference, Event, EventId, HoldReceipt, Lot, Reply,
    Statement,
    books::{Books, view},
};
use d1_core::{AccountId, HoldId, Timestamp};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A [`BookStore`] that forgets when dropped.
#[derive(Debug, Default)]
pub struct MemoryBooks(Mutex<Books>);

impl MemoryBooks {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl BookStore for MemoryBooks {
    async fn apply(
        &self,
        command: Command,
        now: Timestamp,
    ) -> Result<Applied<Reply>, BillingError> {
        let mut books = self.books();
        let done = books.apply(&command, now);
        books.saved();
        done
    }

    async fn balance(&self, account: AccountId, now: Timestamp) -> Result<Balance, BillingError> {
        Ok(self.books().balance(account, now).unwrap_or_else(view::nothing))
    }

    async fn lots(&self, account: AccountId, now: Timestamp) -> Result<Vec<Lot>, BillingError> {
        Ok(self.books().lots(account, now))
    }

    async fn hold(
        &self,
        hold: HoldId,
        now: Timestamp,
    ) -> Result<Option<HoldReceipt>, BillingError> {
        Ok(self.books().look_at(hold, now))
    }

    async fn statement(
        &self,
        account: AccountId,
        after: u64,
        limit: usize,
    ) -> Result<Statement, BillingError> {
        Ok(self.books().statement(account, after, limit)?)
    }

    async fn news(&self, limit: usize) -> Result<Vec<Event>, BillingError> {
        Ok(self.books().news(limit))
    }

    async fn taken(&self, events: &[EventId]) -> Result<(), BillingError> {
        let mut books = self.books();
        for event in events {
            books.events.forget(&(*event,));
        }
        Ok(())
    }

    async fn accounts(
        &self,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountId>, BillingError> {
        let books = self.books();
        let later = books.accounts.all().map(|row| row.id).filter(|id| Some(*id) > after);
        Ok(later.take(limit).collect())
    }

    async fn verify(&self, account: AccountId) -> Result<Option<Difference>, BillingError> {
        Ok(self.books().verify(account).err())
    }
}
