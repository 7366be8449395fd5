//! The walls between a command and the machine; and the one room where `unsafe` may be.
//!
//! A [`Grant`] says what a command may see, change and use. A [`SandboxBackend`] starts it
//! behind walls and reports truthfully which of them are up.

#![expect(unsafe_code, reason = "calls to the kernel that have no safe form live here")]

#[cfg_attr(
    not(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64")),
    expect(dead_code, unused_imports, reason = "the sandbox of Linux alone has a gate")
)]
mod egress;
mod grant;
mod handed;
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
mod linux;
#[cfg_attr(windows, expect(dead_code, reason = "a command of Windows sees what its user sees"))]
mod places;
mod port;
mod problem;
#[cfg(any(target_os = "macos", test))]
mod seatbelt;
#[cfg(unix)]
mod spawn;
mod system;
#[cfg(unix)]
mod wait;
mod wall;
#[cfg(any(windows, test))]
mod windows;

pub use egress::{DomainName, Egress, EgressBudget, HostError, HostRule, Inside, Places, Via};
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
pub(crate) use egress::{Door, Gate, RESOLVER};
#[cfg(unix)]
pub use egress::{
    EgressAudit, EgressAuditError, EgressRecord, Outside, Resolver, Standing, SystemResolver,
};
pub use grant::{Access, Demand, Given, Grant, Kept, Limits, Profile, Script, Touch};
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
pub use linux::{LinuxConfig, LinuxSandbox};
pub use places::Surroundings;
pub use port::{Confined, End, Fate, SandboxBackend, SandboxError, Sink, Waiting, WaitsFor};
#[cfg(unix)]
pub(crate) use problem::without_walls;
#[cfg(target_os = "macos")]
pub use seatbelt::SeatbeltSandbox;
#[cfg(unix)]
pub(crate) use spawn::{Spawn, spawn};
#[cfg(unix)]
pub(crate) use system::sandbox_of_steps;
pub use system::this_sandbox;
#[cfg(unix)]
pub(crate) use wait::{Reaped, Status, end_of, reap, watch};
#[cfg(unix)]
pub(crate) use wall::no_walls;
pub use wall::{Missing, Wall, report};
#[cfg(windows)]
pub use windows::WindowsSandbox;
