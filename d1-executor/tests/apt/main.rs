//! apt for real: against the machine's own mirror once, and against scratch
//! machines with packages of our own for everything that must not happen to it.
//!
//! It needs root, apt and dpkg-deb; it says what is missing and fails, it never skips.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "these are tests"
)]

mod bench;
mod crash;
mod failures;
mod lock;
mod real;
mod repository;
mod scratch;
mod undo;
