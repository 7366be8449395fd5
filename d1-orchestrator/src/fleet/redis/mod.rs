//! Which server has the link of which device, in Redis.

mod registry;

pub use registry::RedisLinks;
