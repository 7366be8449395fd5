//! Signed orders: what an orchestrator tells a device to do, so that the device knows who says
//! it, that it is meant for it, now, and once.
//!
//! ```text
//!   device                                   orchestrator
//!     │── Hello { challenge, keys it knows } ──▶│
//!     │◀── COSE_Sign1 { device, challenge, 1, … } ──│   each order, numbered
//! ```
//!
//! 1. An order is a COSE_Sign1 message (RFC 9052) over CWT claims (RFC 8392), signed with
//!    Ed25519. What it says is verified as the bytes that came, before anything of it is read.
//! 2. It names its device, the challenge of its link and its number there; it is good for
//!    minutes. What was said on one link is therefore nothing on another one, nor to another
//!    device, nor a second time.
//! 3. A device knows the keys of its cloud since it enrolled, and believes in new ones only
//!    when one that it knows has signed them.

mod challenge;
mod codec;
mod envelope;
mod key;
mod keys;
mod refusal;
mod replay;
mod store;
mod trust;
mod verify;

pub use challenge::{LinkChallenge, SealRequest};
pub use codec::OrderCodec;
pub use envelope::{Order, OrderSealError};
pub use key::{OrderKey, OrderKeyError, OrderPublicKey, OrderPublicKeyError};
pub use keys::{AnnouncedKey, OrderKeySet};
pub use refusal::OrderRefusal;
pub use replay::{ReplayLedger, ReplayLedgerError};
pub use store::{OrderTrustStore, OrderTrustStoreError};
pub use trust::{OrderTrust, TrustedKey};
pub use verify::{Expected, verify_order};
