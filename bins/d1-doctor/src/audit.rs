//! The audit log of this machine, as the command writes it.

use crate::{
    failure::Failure,
    home::{Home, state_failure},
};
use d1_core::{AuditKey, Timestamp, memory::MemoryAuditLog};
use d1_executor::FileAuditLog;

/// Opens the log of this machine, making it the first time. What cannot be written there is not
/// done.
pub fn open(home: &Home, now: Timestamp) -> Result<FileAuditLog, Failure> {
    let stream = stream(home)?;
    FileAuditLog::open(&home.state.audit(), &stream, now).map_err(|error| error.problem().into())
}

/// What the log of this machine is called.
pub fn stream(home: &Home) -> Result<String, Failure> {
    let device = home.state.device().map_err(|error| state_failure(&error))?;
    Ok(format!("device:{device}"))
}

/// A log that is gone with this process, for one that does nothing.
pub fn of_nothing() -> Result<MemoryAuditLog, Failure> {
    let key = AuditKey::generate().map_err(|error| Failure::from(error.problem()))?;
    Ok(MemoryAuditLog::new("look", key))
}

/// Whoever runs this command, as the log has them.
#[must_use]
pub fn me() -> String {
    let me = user();
    match std::env::var("SUDO_UID").ok().filter(|uid| uid.parse::<u32>().is_ok()) {
        Some(uid) => format!("{me}, by sudo of uid {uid}, with d1-doctor"),
        None => format!("{me}, with d1-doctor"),
    }
}

#[cfg(unix)]
fn user() -> String {
    format!("uid {}", rustix::process::getuid().as_raw())
}

#[cfg(not(unix))]
fn user() -> String {
    "whoever is at this machine".to_owned()
}
