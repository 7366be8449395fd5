//! Grants: a person's own signature under one plan, which no cloud can make.
//!
//! ```text
//!   person                        cloud                      device
//!     │◀──────── the plan ─────────│                            │  pinned: the person's key
//!     │── COSE_Sign1 { plan, its steps, setup, device, id } ──▶│──── with each order ──▶│
//! ```
//!
//! 1. The person signs what they were shown: the digest of the plan, and that of each step.
//! 2. The cloud only carries it. The device computes the digest of the step that came and looks
//!    for it among those that were signed.
//! 3. The device knows the key because whoever owns it said so at the device itself. Nobody else
//!    adds a key: there is no message for it.
//! 4. A grant is good for half an hour, and for each of its steps once.

mod key;
mod noun;
mod refusal;
mod sealed;
mod trust;
mod verify;

pub use key::{UserKey, UserKeyError, UserPublicKey, UserPublicKeyError};
pub use noun::{GrantSealError, PlanGrant};
pub use refusal::GrantRefusal;
pub use sealed::{SealedGrant, SealedGrantError};
pub use trust::{TrustedUser, UserTrust};
pub use verify::{GrantExpected, verify_grant};
