//! Who may ask for what: keys, tokens, people and their sign-ins, over every store there is.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

mod forging;
mod keys;
mod passwords;
#[expect(unreachable_pub, reason = "other crates share it as a part of the world")]
#[path = "../../../tests/world/redis.rs"]
mod redis;
mod stores;
mod tokens;
