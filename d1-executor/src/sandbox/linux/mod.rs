//! The sandbox of Linux.
//!
//! 1. [`backend`] turns a grant into an [`order`], which [`launch`] puts on a sealed file.
//! 2. [`clone`] makes the first process of new namespaces, sharing our memory until it
//!    executes this same program again; [`entry`] catches it before `main`.
//! 3. [`init`] is that process: it puts up the walls around itself, starts the command, and
//!    ends everything when the command ends, or we do. Outside, [`root`] holds it and
//!    [`running`] follows it.

mod attr;
mod backend;
mod cgroup;
mod child;
mod clone;
mod door;
mod entry;
mod gate;
mod init;
mod launch;
mod lend;
mod order;
mod root;
mod running;
mod services;
mod slot;
mod trouble;
mod words;

pub use backend::{LinuxConfig, LinuxSandbox};
