//! The ledger, on each of its three storages: in memory, in a SQLite file, in PostgreSQL.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

mod attacks;
mod caps;
mod clocks;
mod crashes;
mod cutoffs;
mod deadlocks;
mod disks;
mod exam;
mod forms;
mod grants;
mod history;
mod holds;
mod keys;
mod laws;
mod leases;
mod links;
mod lists;
mod lives;
mod model;
mod news;
#[expect(unreachable_pub, reason = "other crates share it as a part of the world")]
#[path = "../../../tests/world/postgres.rs"]
mod postgres;
mod power;
mod predicates;
mod proxy;
mod quotes;
mod races;
mod remembered;
mod stage;
mod tls;
mod troubles;
mod turns;
mod verifying;
