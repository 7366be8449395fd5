//! The signed head of a chain: what was there at a moment, by the word of whoever kept it.

use super::{
    canonical::{canonical, marked},
    key::{AuditKey, AuditPublicKey},
};
use crate::{Digest, Timestamp};
use serde::{Deserialize, Serialize};

/// What a signature of a checkpoint is over, besides the checkpoint.
const MARK: &str = "d1 audit checkpoint v1";

/// The head of a chain at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditCheckpoint {
    /// The form of the log; 1.
    pub v: u32,
    /// Whose log it is.
    pub stream: String,
    /// The last record.
    pub seq: u64,
    /// Its hash; where there is none, what the first record follows.
    pub hash: Digest,
    /// When it was signed.
    pub at: Timestamp,
    /// Which key has signed it.
    pub key: AuditPublicKey,
}

/// A checkpoint with its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedHead {
    /// What is signed.
    pub checkpoint: AuditCheckpoint,
    /// The signature, as 128 hexadecimal digits.
    pub signature: String,
}

impl SignedHead {
    /// The most bytes of its text.
    pub const MAX_BYTES: usize = 1024;

    /// Signs a checkpoint.
    pub(super) fn sign(checkpoint: AuditCheckpoint, key: &AuditKey) -> Self {
        let signature = key.sign(&marked(MARK, &checkpoint));
        Self { checkpoint, signature }
    }

    /// Whether the key that it names has signed it. Whether that key is to be trusted is another
    /// question.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        let Self { checkpoint, signature } = self;
        checkpoint.key.has_signed(&marked(MARK, checkpoint), signature)
    }

    /// It as one line of text.
    #[must_use]
    pub fn to_text(&self) -> String {
        canonical(self)
    }

    /// Reads such a line; `None` when it is none.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let head = serde_json::from_str(text.trim()).ok();
        head.filter(|_| text.len() <= Self::MAX_BYTES)
    }
}
