//! `approvals`.

use clap::{Args, Subcommand};

/// What to do with tasks of a cloud that wait for a yes at this machine.
#[derive(Debug, Subcommand)]
pub enum Approvals {
    /// List what waits, the oldest first
    List,
    /// Show exactly what would run
    Show(Waiting),
    /// Show it, and let it run after a yes that is typed at this terminal
    Approve(Waiting),
    /// Say no
    Decline(Waiting),
}

/// One of them.
#[derive(Debug, Args)]
pub struct Waiting {
    /// Its task's id, or the beginning of one
    pub task: String,
}
