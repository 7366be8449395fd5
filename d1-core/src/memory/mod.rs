//! Every port, in memory. These are real implementations, held to the same laws as the ones on disk.

mod audit;
mod clock;
mod directory;
mod enrolment_store;
mod journal;
mod key_store;
mod leases;
mod ledger;
mod limiter;
mod link_registry;
mod machine;
mod near;
mod planner;
mod prices;
mod session_store;
mod setup_leases;
mod setup_store;

pub use audit::MemoryAuditLog;
pub use clock::ManualClock;
pub use directory::MemoryDirectory;
pub use enrolment_store::MemoryEnrolmentStore;
pub use journal::MemoryJournal;
pub use key_store::MemoryKeyStore;
pub use leases::MemoryLeases;
pub use ledger::MemoryLedger;
pub use limiter::MemoryLimiter;
pub use link_registry::MemoryLinkRegistry;
pub use machine::{Ending, Fault, MemoryMachine, Offer, Program};
pub use planner::TablePlanner;
pub use prices::FreeOfCharge;
pub use session_store::MemorySessionStore;
pub use setup_leases::MemorySetupLeases;
pub use setup_store::MemorySetupStore;
