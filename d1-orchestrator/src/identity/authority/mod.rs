//! The authorities that sign the certificates of devices and of the servers they link to: made,
//! rotated, published, withdrawn.
//!
//! ```text
//!   made ──▶ next ──90 days──▶ active ──90 days──▶ retired ──2 days──▶ gone
//!         known to devices      signs        what it signed is good
//! ```

mod authorities;
mod certificate;
mod error;
mod one;
mod request;

pub use authorities::{Authorities, Bundle};
pub use certificate::DeviceCertificate;
pub use error::AuthorityError;
pub use one::ServerPapers;
pub(in crate::identity) use request::{CertificateRequest, verify_bound};
