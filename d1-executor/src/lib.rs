//! What happens on the machine: the agent, its actions, its journal, its facts.
//!
//! One command behind walls, in a program of your own (`examples/embed_executor.rs`):
//!
//! ```rust
//! use d1_core::{Argv, Stop};
//! use d1_executor::{Fence, Grant, Profile, Surroundings, run_confined, this_sandbox};
//! use std::{error::Error, time::Duration};
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), Box<dyn Error>> {
//!     let sandbox = this_sandbox(Surroundings::of("/root"))?;
//!     let grant = Grant::new(Profile::Diagnose, Argv::new(["cat", "/etc/shadow"])?);
//!     let fence = Fence::within(Duration::from_secs(60));
//!     let (words, _listener) = tokio::sync::mpsc::channel(64);
//!     let ended = run_confined(&sandbox, &grant, fence, &words, &Stop::new()).await?;
//!     println!("{:?}: {}", ended.report.how, ended.report.stderr.trim());
//!     println!("isolation: {}", ended.isolation.summary());
//!     assert!(ended.report.stdout.is_empty(), "nobody behind walls reads the passwords");
//!     Ok(())
//! }
//! ```
//!
//! `examples/embed_machine.rs` has typed actions with a preview, a receipt and a way back;
//! `d1-daemon` puts an [`Agent`] in front.

mod actions;
mod agent;
mod audit;
#[cfg(unix)]
mod doctor;
mod facts;
#[cfg(all(feature = "sqlite", feature = "testing"))]
pub mod fault;
mod health;
#[cfg(feature = "sqlite")]
mod journal;
mod machine;
mod originals;
mod packages;
mod policy;
mod process;
mod refused;
mod registries;
mod sandbox;
mod state_dir;

pub use agent::{Agent, AgentParts};
pub use audit::{AuditReader, FileAuditLog, audited_argv};
#[cfg(unix)]
pub use doctor::{
    Accepted, Answer, Check, Destination, Discretion, Doctor, Found, Looking, Network,
    NetworkError, Presented, Proxy, Refusal, Selection, Sight, Space, ThisNetwork, all_checks,
    watch,
};
#[cfg(feature = "sqlite")]
pub use doctor::{Difference, History, HistoryError, differences};
pub use facts::{FactsSource, Host};
#[cfg(feature = "sqlite")]
pub use journal::SqliteJournal;
pub use machine::{Machine, MachineConfig};
pub use packages::{
    Apt, Captured, Command, Goal, Modelled, PackageManager, ProcessTool, Run, Tool, ToolError,
    all_managers,
};
pub use policy::{
    Bare, Decision, Denial, Device, Granted, Policy, PolicyError, Program, Reason, Request,
    Verdict, Walls, unapproved,
};
pub use process::{
    Asked, Capture, Confinement, Fence, How, Invocation, Leftovers, ProcessError, Report, Spool,
    adopt_orphans, clean_environment, run, run_confined,
};
#[cfg(target_os = "macos")]
pub use sandbox::SeatbeltSandbox;
pub use sandbox::{
    Access, Confined, Demand, DomainName, Egress, EgressAudit, EgressAuditError, EgressBudget,
    EgressRecord, End, Fate, Given, Grant, HostError, HostRule, Inside, Kept, Limits, Missing,
    Outside, Places, Profile, Resolver, SandboxBackend, SandboxError, Script, Standing,
    Surroundings, SystemResolver, Touch, Via, Waiting, WaitsFor, Wall, report, this_sandbox,
};
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
pub use sandbox::{LinuxConfig, LinuxSandbox};
pub use state_dir::{AgentLock, LockError, StateDir, StateDirError, try_lock};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
