//! What holds whatever happens: laws of the nouns, tried on arbitrary histories.
#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, reason = "these are tests")]

mod orders;
mod setups;
mod tasks;
mod undo;
mod words;
