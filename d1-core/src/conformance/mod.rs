//! The laws every implementation of a port obeys, ready to run (feature `testing`).
//!
//! Each exam takes a way to make a fresh implementation, gives every law its own, and
//! names all broken laws at the end. Wrappers sit the exam too: a wrapper is an
//! implementation.

#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests, exported")]

mod audit;
mod clock;
mod directory;
mod enrolment_store;
mod executor;
mod journal;
mod key_store;
mod laws;
mod leases;
mod ledger;
mod link_registry;
mod order_codec;
mod order_trust_store;
mod planner;
mod prices;
mod rate_limiter;
mod replay_ledger;
mod samples;
mod session_store;
mod setup_leases;
mod setup_store;
mod transport;

pub use audit::{audit_log, audit_log_durability};
pub use clock::{Pass, Passing, Timepiece, clock};
pub use directory::{directory, directory_durability};
pub use enrolment_store::{enrolment_store, enrolment_store_durability};
pub use executor::{Examinee, executor};
pub use journal::{journal, journal_durability};
pub use key_store::{key_store, key_store_durability};
pub use leases::{Renting, leases};
pub use ledger::ledger;
pub use link_registry::{Registering, link_registry};
pub use order_codec::an_order_codec;
pub use order_trust_store::{order_trust_store, order_trust_store_durability};
pub use planner::{Orders, planner};
pub use prices::prices;
pub use rate_limiter::{Limiting, rate_limiter};
pub use replay_ledger::{replay_ledger, replay_ledger_durability};
pub use samples::{a_setup, an_order};
pub use session_store::session_store;
pub use setup_leases::{Driving, setup_leases};
pub use setup_store::{setup_store, setup_store_durability};
pub use transport::{Ends, transport};

use laws::{Laws, patiently};
