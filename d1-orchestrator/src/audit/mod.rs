//! The audit log of a server: what of it the engine writes, and the file it is kept in.

mod entries;
#[cfg(feature = "sqlite")]
mod sqlite;

pub(crate) use entries::{anchored, dispatched, expired, reported};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteAuditLog;
