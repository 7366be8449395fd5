//! What is asked over gRPC: the service, which hands on to whoever knows, and its client.

mod call;
#[cfg(feature = "client")]
mod client;
mod codec;
mod service;
mod status;

pub use call::CreditsCall;
#[cfg(feature = "client")]
pub use client::CreditsClient;
pub use service::{CreditsApi, credits_service};
pub use status::{grpc_refusal, is_grpc};
