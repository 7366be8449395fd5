//! Every port, in memory. These are real implementations, held to the same laws as the ones on disk.

mod journal;
mod ledger;
mod prices;
mod setup_store;

pub use journal::MemoryJournal;
pub use ledger::MemoryLedger;
pub use prices::FreeOfCharge;
pub use setup_store::MemorySetupStore;
