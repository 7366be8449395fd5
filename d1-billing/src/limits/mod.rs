//! How much somebody may do in a time: limiters, and what happens when one is down.
//!
//! In one process, [`MemoryLimiter`] and [`MemoryLeases`] of `d1_core` do it. Their law is
//! [`Limit::admit`](d1_core::Limit::admit) and not a crate's: limiters such as `governor` take
//! when they are asked. They cannot look at several limits and take from all or none, give
//! back, or have a limit changed while it is used. `benches/limits.rs` measures ours against it.

mod guarded;
#[cfg(feature = "redis")]
mod redis;

pub use d1_core::memory::{MemoryLeases, MemoryLimiter};
pub use guarded::{Guarded, Policies, Share, WhenDown};
#[cfg(feature = "redis")]
pub use redis::{RedisLeases, RedisLimiter, RedisLimits};
