//! The laws every implementation of a port obeys, ready to run (feature `testing`).
//!
//! Each exam takes a way to make a fresh implementation, gives every law its own, and
//! names all broken laws at the end. Wrappers sit the exam too: a wrapper is an
//! implementation.

#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests, exported")]

mod journal;
mod laws;
mod samples;
mod setup_store;

pub use journal::{journal, journal_durability};
pub use samples::{a_setup, an_order};
pub use setup_store::{setup_store, setup_store_durability};

use laws::Laws;
