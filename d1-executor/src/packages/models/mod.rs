//! dnf, pacman, zypper, apk, brew and winget: one implementation, and a dialect for each.
//!
//! model: tested against recorded output and a fake program on PATH, not on a real machine.

mod apk;
mod brew;
mod dialect;
mod dnf;
mod generic;
mod pacman;
mod port;
mod probe;
mod revert;
mod winget;
mod work;
mod zypper;

pub use generic::{Modelled, all_managers};
