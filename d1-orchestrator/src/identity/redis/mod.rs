//! Sign-ins that all servers share, in Redis.

mod server;
mod sessions;

pub use server::RedisSessions;
