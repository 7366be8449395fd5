//! Transports: whatever fills the two channels of a link.

pub mod memory;
mod pump;
#[cfg(feature = "secure")]
pub(crate) mod secure;
mod side;
#[cfg(feature = "secure")]
pub mod tls;
#[cfg(unix)]
pub mod unix;
#[cfg(feature = "websocket")]
pub mod websocket;
