//! What the end-to-end tests, examples and benchmarks stand on.
//!
//! - [`AptRoot`]: a scratch Debian with real apt and dpkg.
//! - [`Desk`]: the real programs, each with a state directory of its own.
//! - [`CloudDesk`]: a real server on a free port.
//! - [`Pages`]: a web server of the files of a folder, which is a proxy, too.
//! - [`Postgres`]: a real PostgreSQL server, and a database for each test.
//! - [`Redis`]: a real Redis server.
//! - [`World`]: the whole system in one process, on a simulated machine.
//! - [`sim`]: many such systems in virtual time, in which everything breaks that can.
//! - [`Contest`]: ways to do one job, timed in turns.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "test support"
)]

mod apt_root;
mod cloud_desk;
mod contest;
mod desk;
mod pages;
mod postgres;
mod redis;
#[cfg(feature = "sim")]
pub mod sim;
mod world;

pub use apt_root::{AptRoot, Deb};
pub use cloud_desk::{CloudDesk, GoneCloud};
pub use contest::Contest;
pub use desk::{Desk, PATIENCE, Ran, Server, finish, run, signal, until};
pub use pages::Pages;
pub use postgres::Postgres;
pub use redis::Redis;
pub use world::World;
