//! The door for devices: TLS 1.3, and a certificate of their own.
//!
//! 1. A connection says in its first word what it is for ([`ALPN_DEVICE`], [`ALPN_ENROL`]).
//!    Whoever comes to link or for the next certificate shows one of ours, or the handshake
//!    fails. Whoever comes for the first one, or slept too long, gets to nothing else.
//! 2. Who a device is, its certificate says. What it says of itself has to be the same.
//! 3. A device that is shut out, anywhere, loses its link here within [`watch::LOOK`]; so does
//!    one whose certificate is over.
//!
//! [`ALPN_DEVICE`]: d1_protocol::tls::ALPN_DEVICE
//! [`ALPN_ENROL`]: d1_protocol::tls::ALPN_ENROL

mod accept;
mod config;
mod links;
mod open;
mod watch;

pub(crate) use links::CertifiedLinks;
pub use open::DoorError;
pub(crate) use open::{Door, Threshold, open};
