//! A client of the cloud's HTTP interface.

mod calls;
mod connection;
mod credits;
mod error;
mod events;
mod node;
mod patience;

pub use calls::ApiClient;
#[cfg(feature = "grpc")]
pub(crate) use calls::local;
pub use error::ClientError;
pub use node::{NodeClient, NodeError};
#[cfg(feature = "grpc")]
pub(crate) use patience::Patience;
