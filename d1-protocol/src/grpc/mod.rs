//! What is asked over gRPC: the services, which hand on to whoever knows, and a client.

mod call;
#[cfg(feature = "client")]
mod client;
mod codec;
mod health;
mod reflection;
mod service;
mod status;

pub use call::CreditsCall;
#[cfg(feature = "client")]
pub use client::CreditsClient;
pub use health::{ReadyApi, health_service};
pub use reflection::reflection_service;
pub use service::{CreditsApi, credits_service};
pub use status::{grpc_refusal, is_grpc};
