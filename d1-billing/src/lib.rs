//! What work costs, who pays, and how much of it one may ask for: price lists, quotes, a
//! ledger, and limits.

mod answer;
#[cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    expect(unused_imports, reason = "only databases read and write parts of the books")
)]
#[cfg_attr(
    not(feature = "postgres"),
    expect(dead_code, reason = "only PostgreSQL is told what a column holds")
)]
mod books;
mod key;
mod lease;
mod ledger;
mod limits;
#[cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    expect(dead_code, reason = "only databases read and write parts of the books")
)]
mod operation;
mod outpost;
mod prices;
mod store;

/// Where tests let it die (feature `testing`).
#[cfg(feature = "testing")]
pub mod fault {
    pub use crate::store::POINTS;
}

pub use answer::{
    Applied, Balance, BillingError, CapUse, Difference, EntryKind, Event, HoldReceipt, HoldState,
    Line, Lot, Refusal, Reply, Statement,
};
pub use d1_core::{CapScope, QuoteId, memory::MemoryLedger};
pub use key::{EventId, Key, LotId};
pub use lease::{Lease, REPORT_WITHIN, Spent};
pub use ledger::Ledger;
pub use limits::{Guarded, MemoryLeases, MemoryLimiter, Policies, Share, WhenDown};
#[cfg(feature = "redis")]
pub use limits::{RedisLeases, RedisLimiter, RedisLimits};
pub use operation::{Command, Grant, NewHold, NewQuote, Open, Operation, Source};
pub use outpost::{CloseError, Outpost};
pub use prices::{PriceCatalogue, PriceError, PriceList};
#[cfg(feature = "postgres")]
pub use store::PostgresBooks;
#[cfg(feature = "sqlite")]
pub use store::SqliteBooks;
pub use store::{BookStore, MemoryBooks};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
