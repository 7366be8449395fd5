//! Who may ask for what: keys, tokens, people and their sign-ins, over every store there is.
#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod forging;
mod keys;
mod stores;
mod tokens;
