//! The real machine: an [`Executor`](d1_core::Executor) for the computer we run on.

mod admit;
mod core;
mod registry;
mod revert;
mod stateful;

pub use core::{Machine, MachineConfig};
