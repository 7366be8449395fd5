//! The processes of this machine: who began whom, in which session, and when.

#[cfg(not(target_os = "macos"))]
mod linux;
#[cfg(target_os = "macos")]
mod mac;

#[cfg(not(target_os = "macos"))]
pub(super) use linux::{adopt_orphans, is_marked, row, signal, table};
#[cfg(target_os = "macos")]
pub(super) use mac::{adopt_orphans, is_marked, row, signal, table};

/// One line of the process table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) parent: i32,
    pub(super) session: i32,
    /// When it began, in whatever unit this system counts: two that differ are two processes.
    pub(super) started: u64,
    pub(super) zombie: bool,
}
