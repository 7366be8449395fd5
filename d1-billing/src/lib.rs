//! What work costs, and who pays: price lists, quotes, and a ledger.

mod price_list;

pub use d1_core::memory::MemoryLedger;
pub use price_list::{PriceList, PriceListError};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
