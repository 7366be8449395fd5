//! Setups and devices over gRPC.

mod call;
#[cfg(feature = "client")]
mod client;
mod service;

pub use call::SetupsCall;
pub(super) use call::{DEVICES, SETUPS};
#[cfg(feature = "client")]
pub use client::SetupsClient;
pub use service::{News, SetupsApi, SetupsDoor, setups_service};
