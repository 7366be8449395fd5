//! The audit log: what was done, by whose word, in a chain that cannot be changed unnoticed.
//!
//! ```text
//!   checkpoint 0 ──▶ record 1 ──▶ record 2 ──▶ … ──▶ checkpoint n ──▶ record n+1 ──▶ …
//! ```
//!
//! 1. A record names the hash of the one before it; its own hash is that of its canonical JSON
//!    (RFC 8785). What may have to be forgotten of it, its words, is in there only as a salted
//!    hash: the words can be dropped later, and the chain still holds.
//! 2. A checkpoint is the head of the chain, signed (Ed25519). One stands at the beginning, one
//!    after whatever ends something, and one at least every [`AUDIT_CHECKPOINT_EVERY`] records.
//! 3. Whoever holds a signed head from elsewhere, as a cloud does of its devices and they of it,
//!    sees when the log was cut or written anew.

mod canonical;
mod chain;
mod checkpoint;
mod entry;
mod flaw;
mod key;
mod line;
mod log;
mod verify;

pub use chain::{AUDIT_CHECKPOINT_EVERY, AuditChain};
pub use checkpoint::{AuditCheckpoint, SignedHead};
pub use entry::{AuditEntry, AuditKind};
pub use flaw::{AuditBreak, AuditFlaw};
pub use key::{AuditKey, AuditPublicKey, AuditPublicKeyError};
pub use line::{AuditLine, AuditRecord, AuditWords, NotALine, SealedRecord};
pub use log::{AuditError, AuditLog};
pub use verify::{AuditTrust, AuditVerdict, AuditVerifier};
