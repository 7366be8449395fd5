//! The network of a command: the names it was given, and nothing else.
//!
//! 1. The first process of the sandbox makes the sockets, in a network namespace that leads
//!    nowhere else, and hands them to us ([`gate`]).
//! 2. We answer every question for a name ourselves ([`dns`]): an allowed one gets an address
//!    that means this name ([`names`]), any other is refused. No question leaves the machine.
//! 3. Every connection ends at us ([`connection`]). What it says first has to ask for the same
//!    name ([`hello`], [`http`]); then we look the name up, refuse addresses that no name of the
//!    internet leads to ([`address`]), and call it ([`dial`]), unless its owner has thought again
//!    meanwhile ([`standing`]).
//! 4. What is decided is written down before it happens ([`audit`]), and all of it has bounds
//!    ([`meter`]).

mod address;
#[cfg(unix)]
mod audit;
#[cfg(unix)]
mod connection;
#[cfg(unix)]
mod dial;
#[cfg(unix)]
mod dns;
#[cfg(unix)]
mod gate;
mod grant;
#[cfg(unix)]
mod hello;
#[cfg(unix)]
mod http;
#[cfg(unix)]
mod meter;
mod name;
#[cfg(unix)]
mod names;
#[cfg(unix)]
mod outside;
#[cfg(unix)]
mod own;
#[cfg(unix)]
mod raw;
#[cfg(unix)]
mod request;
#[cfg(unix)]
mod resolve;
mod rule;
#[cfg(unix)]
mod standing;
#[cfg(unix)]
mod tls;
mod via;
#[cfg(unix)]
mod world;

pub use address::Inside;
#[cfg(unix)]
pub use audit::{EgressAudit, EgressAuditError, EgressRecord};
#[cfg(unix)]
pub(crate) use gate::{Door, Gate};
pub(super) use grant::DNS;
pub use grant::{Egress, EgressBudget};
pub use name::{DomainName, HostError};
#[cfg(unix)]
pub(crate) use names::RESOLVER;
#[cfg(unix)]
pub use outside::Outside;
#[cfg(unix)]
pub use resolve::{Resolver, SystemResolver};
pub use rule::{HostRule, Places};
#[cfg(unix)]
pub use standing::Standing;
pub use via::Via;
