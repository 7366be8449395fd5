//! apt: Debian and its derivatives. Tested for real.

mod answer;
mod apply;
mod ask;
mod classify;
mod foresight;
mod index;
mod layout;
mod lock;
mod names;
mod port;
mod preview;
mod probe;
mod proxies;
mod reach;
mod revert;
mod simulation;
mod sources;
mod status;
mod wait;

pub use ask::Apt;
pub(crate) use lock::{Holder, holder_of};
