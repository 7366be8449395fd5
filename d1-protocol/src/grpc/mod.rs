//! What is asked over gRPC: the services, which hand on to whoever knows, and a client.

mod body;
mod call;
#[cfg(feature = "client")]
mod channel;
#[cfg(feature = "client")]
mod client;
mod codec;
mod health;
mod reflection;
mod refusal;
mod service;
mod setups;
mod status;

pub use call::CreditsCall;
#[cfg(feature = "client")]
pub use client::CreditsClient;
pub use health::{ReadyApi, health_service};
pub use reflection::reflection_service;
pub use refusal::CallRefusal;
pub use service::{CreditsApi, credits_service};
#[cfg(feature = "client")]
pub use setups::SetupsClient;
pub use setups::{News, SetupsApi, SetupsCall, SetupsDoor, setups_service};
pub use status::{grpc_refusal, is_grpc};
