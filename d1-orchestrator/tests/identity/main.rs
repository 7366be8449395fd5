//! Who may ask for what: keys, tokens, people and their sign-ins, over every store there is.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

mod browsers;
mod codes;
mod elsewhere;
mod enrolling;
mod forging;
mod issuing;
mod keys;
mod nodes;
mod noting;
mod passwords;
mod personal;
#[expect(unreachable_pub, dead_code, reason = "other crates share it as a part of the world")]
#[path = "../../../tests/world/postgres.rs"]
mod postgres;
mod provider;
mod realm;
#[expect(unreachable_pub, reason = "other crates share it as a part of the world")]
#[path = "../../../tests/world/redis.rs"]
mod redis;
mod refreshing;
mod site;
mod stores;
mod tokens;
