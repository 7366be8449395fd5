//! A client of the cloud's HTTP interface.

mod address;
mod bounded;
mod calls;
mod connection;
mod credits;
mod error;
mod events;
mod node;
mod patience;
mod tls;

pub use bounded::{BoundedHttp, BoundedHttpError};
pub use calls::ApiClient;
pub use error::ClientError;
pub use node::{NodeClient, NodeError};
#[cfg(feature = "grpc")]
pub(crate) use patience::Patience;
#[cfg(feature = "grpc")]
pub(crate) use {address::private, tls::towards};
