//! Transports: whatever fills the two channels of a link.

pub mod memory;
mod pump;
mod side;
#[cfg(unix)]
pub mod unix;
#[cfg(feature = "websocket")]
pub mod websocket;
