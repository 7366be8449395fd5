//! Where the books are kept.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod cells;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
#[cfg_attr(
    not(feature = "postgres"),
    expect(dead_code, reason = "only PostgreSQL decides before it has the lock")
)]
mod shelf;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use memory::MemoryBooks;
#[cfg(feature = "postgres")]
pub use postgres::PostgresBooks;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteBooks;

use crate::{
    Applied, Balance, BillingError, Command, Difference, Event, EventId, HoldReceipt, Lot, Reply,
    Statement,
};
use d1_core::{AccountId, HoldId, Timestamp};
use std::fmt;

/// The moments of a write at which a test may let the process die.
#[cfg(feature = "testing")]
pub const POINTS: [&str; 3] = ["ledger.begin", "ledger.written", "ledger.committed"];

/// Keeps the books.
///
/// Commands are done whole or not at all, one after the other for each account. What is
/// answered is as lasting as the storage is.
#[async_trait::async_trait]
pub trait BookStore: fmt::Debug + Send + Sync {
    /// Does a command, once however often it is said with its key.
    async fn apply(&self, command: Command, now: Timestamp)
    -> Result<Applied<Reply>, BillingError>;

    /// How an account stands; an account nobody knows has nothing.
    async fn balance(&self, account: AccountId, now: Timestamp) -> Result<Balance, BillingError>;

    /// The grants of an account that are not used up, in the order in which they are spent.
    async fn lots(&self, account: AccountId, now: Timestamp) -> Result<Vec<Lot>, BillingError>;

    /// How a hold stands.
    async fn hold(&self, hold: HoldId, now: Timestamp)
    -> Result<Option<HoldReceipt>, BillingError>;

    /// A part of an account's history: the lines after number `after`.
    async fn statement(
        &self,
        account: AccountId,
        after: u64,
        limit: usize,
    ) -> Result<Statement, BillingError>;

    /// News that nobody has taken, the oldest first.
    async fn news(&self, limit: usize) -> Result<Vec<Event>, BillingError>;

    /// This news is taken, and not told again.
    async fn taken(&self, events: &[EventId]) -> Result<(), BillingError>;

    /// The accounts after this one, in the order of their names.
    async fn accounts(
        &self,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountId>, BillingError>;

    /// Recomputes an account, and tells the first difference.
    async fn verify(&self, account: AccountId) -> Result<Option<Difference>, BillingError>;
}
