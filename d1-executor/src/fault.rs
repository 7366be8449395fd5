//! The moments at which a test can let this crate's process die.

pub use crate::audit::AUDIT_POINTS;
pub use crate::journal::POINTS;
