//! The agent: the device's half of the delivery contract, without its sockets.

mod anchors;
mod approvals;
mod attendance;
mod audit;
mod condition;
mod conversation;
mod core;
mod follow;
mod gate;
mod heed;
mod live;
mod queue;
mod record;
mod report;
mod unwritten;
mod verdict;
mod work;

pub use core::{Agent, AgentParts};
pub use gate::OrderGuard;
