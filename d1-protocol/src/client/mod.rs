//! A client of the cloud's HTTP interface.

mod calls;
mod credits;
mod error;
mod events;

pub use calls::ApiClient;
pub use error::ClientError;
