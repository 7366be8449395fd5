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
mod audit;
mod connection;
mod dial;
mod dns;
mod gate;
mod grant;
mod hello;
mod http;
mod meter;
mod name;
mod names;
mod outside;
mod own;
mod raw;
mod request;
mod resolve;
mod rule;
mod standing;
mod tls;
mod via;
mod world;

pub use address::Inside;
pub use audit::{EgressAudit, EgressAuditError, EgressRecord};
pub(crate) use gate::{Door, Gate};
pub(super) use grant::DNS;
pub use grant::{Egress, EgressBudget};
pub use name::{DomainName, HostError};
pub(crate) use names::RESOLVER;
pub use outside::Outside;
pub use resolve::{Resolver, SystemResolver};
pub use rule::{HostRule, Places};
pub use standing::Standing;
pub use via::Via;
