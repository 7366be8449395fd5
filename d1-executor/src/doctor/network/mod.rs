//! The network, as far as a check may use it: one look-up, one connection, one handshake, one
//! question. Nothing is sent that a browser would not send, and no page is fetched.
//!
//! [`ThisNetwork`] does so for real; tests put something else in its place.

mod destination;
mod port;
mod this;
mod trust;
mod wire;

pub use destination::{Destination, Proxy};
pub use port::{Answer, Network, NetworkError, Presented, Refusal};
pub use this::ThisNetwork;
