//! A client of the cloud's HTTP interface.

mod calls;
mod error;
mod events;

pub use calls::ApiClient;
pub use error::ClientError;
