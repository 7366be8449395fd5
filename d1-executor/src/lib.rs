//! What happens on the machine: the agent, its actions, its journal, its facts.

mod actions;
mod agent;
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
mod sandbox;
mod state_dir;

pub use agent::{Agent, AgentParts};
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
    Capture, Confinement, Fence, How, Invocation, Leftovers, ProcessError, Report, Spool,
    adopt_orphans, clean_environment, run, run_confined,
};
pub use sandbox::{
    Access, Confined, Demand, End, Fate, Grant, Kept, Limits, Missing, Profile, SandboxBackend,
    SandboxError, Script, Surroundings, Touch, Wall, report,
};
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
pub use sandbox::{LinuxConfig, LinuxSandbox};
pub use state_dir::{AgentLock, LockError, StateDir, StateDirError, try_lock};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
