//! Many servers that share a store, and behave to every client as if they were one.
//!
//! A device is linked to one server, and people ask any. What only the server with the link can
//! do is little: ask the device a question, and drive its setups. So the server that is asked
//! does everything else itself, by the shared store, and
//!
//! 1. looks up in the [`LinkRegistry`](d1_core::LinkRegistry) who has the link: every server
//!    claims its links there, renews them while they last, and gives them back;
//! 2. hands a question, or a person's wish, to that server over [`Peers`], and its answer on;
//! 3. looks again when the link is not there any more, a bounded number of times.
//!
//! Whole requests could have been passed on instead, or messages put into Redis. This is less:
//! who asks and what they may do is checked once, where they ask; REST and gRPC are served alike,
//! as neither knows of it; what a peer is asked it does itself or not at all, so that there are
//! no loops; and nothing waits in a queue that could be lost. What a wish changes is in the store
//! before it is answered. When an answer is lost, the store tells what became of it.
//!
//! When the registry is gone, servers serve the devices that are linked to them; of others they
//! say that nobody can tell now where they are. Links stay, and are put back when it is there
//! again. What a registry forgets or says wrongly does no harm: a peer that has not got the link
//! says so, and epochs in the store and on the devices keep all but the newest holder of a setup
//! from acting.

mod core;
mod keeper;
mod memory;
mod peers;
#[cfg(feature = "redis")]
mod redis;

pub use core::{Fleet, Place};
pub(crate) use core::{LOOKS, told};
pub use memory::MemoryPeers;
pub use peers::{PeerError, Peers, PersonWish};
#[cfg(feature = "redis")]
pub use redis::RedisLinks;
