//! The sandbox of Linux, tried by those who want out.
//!
//! [`rig`] makes a home and runs commands in it; [`probes`] is a program that tries one thing
//! after the other and tells the kernel's answers, first outside, where they must succeed, so
//! that a refusal inside means something.

#![expect(clippy::unwrap_used, reason = "test code: a fault here fails the test")]
#![cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]

mod ends;
mod escapes;
mod files;
mod rig;
