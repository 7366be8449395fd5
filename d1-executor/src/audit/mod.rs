//! The audit log of a device, in files.
//!
//! ```text
//!   <folder>/
//!     key              the secret that signs heads (64 hexadecimal digits), its owner's alone
//!     lock             held by whoever writes, for as long as one record takes
//!     head             the newest signed head
//!     reserve          room for the ends of what began, on a disk that is full by then
//!     00000001.jsonl   lines; each file begins with a checkpoint
//!     00000002.jsonl   …
//! ```
//!
//! Several processes may write: each takes the lock, sees what others wrote meanwhile, and goes
//! on from there.

mod argv;
mod file;
mod folder;
mod key;
mod reader;
mod reserve;
mod segment;
mod tail;
#[cfg(feature = "testing")]
mod testing;
mod write;

pub use argv::audited_argv;
pub use file::FileAuditLog;
pub use reader::AuditReader;
#[cfg(feature = "testing")]
pub use testing::POINTS as AUDIT_POINTS;

#[cfg(feature = "testing")]
use d1_core::fault;
#[cfg(not(feature = "testing"))]
mod fault {
    /// Fault points are for tests alone.
    pub(super) const fn point(_name: &str) {}
}
