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

#[cfg(unix)]
mod actions;
#[cfg(unix)]
mod agent;
#[cfg(unix)]
mod audit;
#[cfg(unix)]
mod doctor;
#[cfg(all(unix, feature = "enrolment"))]
mod enrolment;
#[cfg(unix)]
mod facts;
#[cfg(all(unix, feature = "sqlite", feature = "testing"))]
pub mod fault;
#[cfg(unix)]
mod health;
#[cfg(all(unix, feature = "sqlite"))]
mod journal;
#[cfg(unix)]
mod machine;
#[cfg(unix)]
mod originals;
#[cfg(unix)]
mod packages;
#[cfg(unix)]
mod policy;
mod process;
#[cfg(unix)]
mod refused;
#[cfg(unix)]
mod registries;
mod sandbox;
#[cfg(unix)]
mod state_dir;

#[cfg(unix)]
pub use agent::{Agent, AgentParts, CloudTerms, KnownUsers, OrderGuard, Owner};
#[cfg(unix)]
pub use audit::{AuditReader, FileAuditLog, audited_argv};
#[cfg(unix)]
pub use doctor::{
    Accepted, Answer, Check, Destination, Discretion, Doctor, Found, Looking, Network,
    NetworkError, Presented, Proxy, Refusal, Selection, Sight, Space, ThisNetwork, all_checks,
    watch,
};
#[cfg(all(unix, feature = "sqlite"))]
pub use doctor::{Difference, History, HistoryError, differences};
#[cfg(all(unix, feature = "enrolment"))]
pub use enrolment::{
    Enrolled, EnrolledError, GivenPapers, HeededOrders, LinkStanding, LinkState, Newcomer,
    OrderClouds, OrderKeysFile, PrivateKey, UserKeyFile, UserKeyFileError, UserTrustFile,
};
#[cfg(unix)]
pub use facts::{FactsSource, Host};
#[cfg(unix)]
pub use health::{Alarms, Gauge, watch_vitals};
#[cfg(all(unix, feature = "sqlite"))]
pub use journal::SqliteJournal;
#[cfg(unix)]
pub use machine::{Machine, MachineConfig};
#[cfg(unix)]
pub use packages::{
    Apt, Captured, Command, Goal, Modelled, PackageManager, ProcessTool, Run, Tool, ToolError,
    all_managers,
};
#[cfg(unix)]
pub use policy::{
    Bare, Decision, Demands, Denial, Device, Granted, Policy, PolicyError, Program, Reason,
    Reckoning, Request, Verdict, Walls, reckon, unapproved,
};
pub use process::clean_environment;
#[cfg(unix)]
pub use process::{
    Asked, Capture, Confinement, Fence, How, Invocation, Leftovers, ProcessError, Report, Spool,
    adopt_orphans, run, run_confined,
};
#[cfg(target_os = "macos")]
pub use sandbox::SeatbeltSandbox;
#[cfg(windows)]
pub use sandbox::WindowsSandbox;
pub use sandbox::{
    Access, Confined, Demand, DomainName, Egress, EgressBudget, End, Fate, Given, Grant, HostError,
    HostRule, Inside, Kept, Limits, Missing, Places, Profile, SandboxBackend, SandboxError, Script,
    Sink, Surroundings, Touch, Via, Waiting, WaitsFor, Wall, report, this_sandbox,
};
#[cfg(unix)]
pub use sandbox::{
    EgressAudit, EgressAuditError, EgressRecord, Outside, Resolver, Standing, SystemResolver,
};
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
pub use sandbox::{LinuxConfig, LinuxSandbox};
#[cfg(unix)]
pub use state_dir::{AgentLock, LockError, StateDir, StateDirError, try_lock};

#[cfg(unix)]
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
