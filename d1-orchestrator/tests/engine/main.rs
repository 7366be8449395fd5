//! The engine and its hub, against a small device that speaks the link honestly.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "test helpers")]

mod audits;
mod crashes;
mod device;
mod drafts;
mod following;
mod hub;
mod ledgers;
mod links;
mod money;
mod names;
mod orders;
mod outdated;
mod plain;
mod promises;
mod repeats;
mod resuming;
mod servers;
mod stage;
mod stopping;
mod stores;
mod storms;
mod undoing;
mod waiting;
mod writing_off;
