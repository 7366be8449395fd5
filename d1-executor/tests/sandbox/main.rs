//! The sandbox of Linux, tried by those who want out.
//!
//! [`rig`] makes a home and runs commands in it. [`escapes`] are ways out; their probe is a
//! program that tries one thing after the other and tells the kernel's answers, first outside,
//! where all must succeed, so that a refusal inside means something. [`swaps`] are ways out that
//! need luck. [`files`], [`streams`] and [`ends`] are what a command sees, says and how it ends,
//! [`bounds`] and [`hoards`] what it may use, [`handed`] what it cannot be given, [`waits`] is one that wants an
//! answer, [`unconfined`] is one without walls, [`faults`] and [`namespaces`] are kernels that lack
//! a wall.

#![expect(clippy::unwrap_used, reason = "test code: a fault here fails the test")]
#![cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]

mod bounds;
mod ends;
mod escapes;
mod faults;
mod files;
mod handed;
mod hoards;
mod namespaces;
mod packages;
mod rig;
mod rootless;
mod somebody;
mod streams;
mod swaps;
#[cfg(feature = "unconfined")]
mod unconfined;
mod waits;
