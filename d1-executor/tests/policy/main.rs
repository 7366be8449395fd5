//! The owner's policy, asked about commands.
//!
//! [`rig`] asks about a machine that is only told of. [`decisions`] are what rules, paths and
//! confinements come to, [`machine`] is what is looked up on the machine itself,
//! [`paths`] is a home in which whatever is allowed is done, [`shell`] is text for a shell, read
//! here and run by real ones, [`unconfined`] is what has no walls.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test code: a fault here fails the test")]

mod decisions;
mod hosts;
mod machine;
mod paths;
mod rig;
mod shell;
#[cfg(feature = "unconfined")]
mod unconfined;
