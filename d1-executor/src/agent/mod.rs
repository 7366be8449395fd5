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
mod here;
mod live;
mod owner;
mod party;
mod queue;
mod record;
mod report;
mod unwritten;
mod verdict;
mod vet;
mod work;

pub use core::{Agent, AgentParts};
pub use gate::OrderGuard;
pub use owner::{KnownUsers, Owner};
pub use party::CloudTerms;
