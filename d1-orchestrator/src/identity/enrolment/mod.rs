//! How a device enrols, renews, recovers, and is shut out. Knows of no transport.

mod admit;
mod core;
mod enrol;
mod error;
mod renew;
mod revoke;

pub use core::{EnrolmentParts, Enrolments, Papers};
pub use enrol::{EnrolAsk, NewEnrolmentToken};
pub use error::EnrolError;
pub use renew::{MAX_RECOVERIES, RECOVER_WITHIN, RecoverAsk};
