//! The agent keeps the device's half of the delivery contract, whatever happens around it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod alone;
mod approval;
mod audit;
mod crashes;
mod fencing;
mod frail;
mod grants;
mod health;
mod here;
mod journal_trouble;
mod links;
mod orders;
mod output;
mod owner;
mod puppet;
mod queue;
mod recovery;
mod redelivery;
mod rig;
mod risk;
mod verbs;
mod ward;
