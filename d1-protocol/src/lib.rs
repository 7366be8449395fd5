//! The wires of Day 1 Doctor: the link language, the transports, the HTTP bodies.
//!
//! Generated types live and die in here; what leaves are words of `d1_core`.

pub mod api;
#[cfg(feature = "client")]
mod client;
mod codec;
mod convert;
mod elements;
#[cfg(feature = "secure")]
mod enrolment;
mod error;
#[cfg(feature = "grpc")]
mod grpc;
mod limits;
mod transport;
mod wire;

#[cfg(feature = "client")]
pub use client::{ApiClient, BoundedHttp, BoundedHttpError, ClientError, NodeClient, NodeError};
pub use codec::{
    decode_from_device, decode_to_device, encode_from_device, encode_to_device, order_codec,
};
#[cfg(feature = "secure")]
pub use enrolment::{EnrolmentClient, EnrolmentError};
pub use error::WireError;
#[cfg(feature = "grpc")]
pub use grpc::{
    CallRefusal, CreditsApi, CreditsCall, News, ReadyApi, SetupsApi, SetupsCall, SetupsDoor,
    credits_service, grpc_refusal, health_service, is_grpc, reflection_service, setups_service,
};
#[cfg(all(feature = "client", feature = "grpc"))]
pub use grpc::{CreditsClient, SetupsClient};
pub use limits::MAX_FRAME_BYTES;
pub use transport::memory;
#[cfg(feature = "secure")]
pub use transport::tls;
#[cfg(unix)]
pub use transport::unix;
#[cfg(feature = "websocket")]
pub use transport::websocket;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
