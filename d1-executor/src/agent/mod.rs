//! The agent: the device's half of the delivery contract, without its sockets.

mod approvals;
mod conversation;
mod core;
mod follow;
mod live;
mod queue;
mod record;
mod verdict;
mod work;

pub use core::{Agent, AgentParts};
