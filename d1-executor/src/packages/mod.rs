//! Package managers: one port, apt for real, six more from tables.

mod apt;
mod hands;
mod join;
mod manager;
mod models;
mod notables;
mod process_tool;
mod revert_plan;
mod similar;
mod snapshot;
mod tool;
mod trouble;
mod walls;

pub use apt::Apt;
pub(crate) use apt::{Holder, holder_of};
pub use manager::{Goal, PackageManager};
pub use models::{Modelled, all_managers};
pub use process_tool::ProcessTool;
pub use tool::{Captured, Command, Run, Tool, ToolError};
pub(crate) use walls::PackageWalls;
