//! The sandbox of Linux.
//!
//! 1. [`ready`] makes the first process of new namespaces: by [`clone`], sharing our memory until
//!    it executes this same program again; [`entry`] catches it before `main`. A long-lived
//!    program has one made ahead, its [`spare`]; of one [`shape`] and on the same [`ground`], the
//!    walls of two commands are the same.
//! 2. [`backend`] turns a grant into an [`order`], which [`launch`] seals and gives to it.
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
mod ground;
mod init;
mod launch;
mod lend;
mod lookup;
mod order;
mod ready;
mod rights;
mod root;
mod running;
mod services;
mod shape;
mod slot;
mod spare;
mod trouble;
mod words;

pub use backend::{LinuxConfig, LinuxSandbox};
