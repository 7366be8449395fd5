//! Limits and leases that many processes share, in Redis.

mod leases;
mod limiter;
mod server;

pub use leases::RedisLeases;
pub use limiter::RedisLimiter;
pub use server::RedisLimits;
