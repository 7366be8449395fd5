//! What a device has that is enrolled: its keys, its certificate, and whom it trusts.
//!
//! ```text
//! <state-dir>/
//!   enrolment.json   everything, with the private keys: readable by its owner alone
//!   certificate.pem  the certificate, for whoever wants to look at it
//!   order-keys.json  the keys by which orders of its clouds are known
//!   user-keys.json   the keys of people whose signatures under plans are taken
//!   link.json        how the link to the cloud stands, as the daemon saw it last
//! ```
//!
//! The private keys are made here and never leave. Each change replaces the whole file at once,
//! so that a machine that dies in the middle has the one or the other.

mod enrolled;
mod file;
mod keys;
mod order_keys;
mod standing;
mod user_keys;

pub use enrolled::{Enrolled, EnrolledError, GivenPapers};
pub use keys::{Newcomer, PrivateKey};
pub use order_keys::{OrderClouds, OrderKeysFile};
pub use standing::{HeededOrders, LinkStanding, LinkState};
pub use user_keys::{UserKeyFile, UserKeyFileError, UserTrustFile};
