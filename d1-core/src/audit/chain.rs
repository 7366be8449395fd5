//! Writing a chain: from what happened to the lines that say so. Pure, so that whoever keeps a
//! chain, in whatever place, keeps the same one.

use super::{
    checkpoint::{AuditCheckpoint, SignedHead},
    entry::AuditEntry,
    key::{AuditKey, random},
    line::{AuditRecord, AuditWords, SealedRecord},
    log::AuditError,
};
use crate::{Digest, Timestamp, ed25519::hex};

/// The form of the log.
pub(super) const FORM: u32 = 1;

/// After how many records the head is signed at the latest.
pub const AUDIT_CHECKPOINT_EVERY: u64 = 16;

/// The end of a chain, from which it goes on.
#[derive(Clone, Debug)]
pub struct AuditChain {
    stream: String,
    key: AuditKey,
    seq: u64,
    hash: Digest,
    signed: u64,
}

impl AuditChain {
    /// A chain without records.
    #[must_use]
    pub fn begin(stream: &str, key: AuditKey) -> Self {
        let hash = genesis(stream, &key.public());
        Self { stream: stream.to_owned(), key, seq: 0, hash, signed: 0 }
    }

    /// The chain whose last record is `seq`, with this hash, and whose head was signed last
    /// after record `signed`.
    #[must_use]
    pub fn resume(stream: &str, key: AuditKey, (seq, hash): (u64, Digest), signed: u64) -> Self {
        Self { stream: stream.to_owned(), key, seq, hash, signed }
    }

    /// Goes on by one record. Its head is signed with it when that is due.
    pub fn seal(
        &mut self,
        entry: AuditEntry,
        at: Timestamp,
    ) -> Result<(SealedRecord, Option<SignedHead>), AuditError> {
        let AuditEntry { kind, about, words: text } = entry;
        let words = if text.is_empty() { None } else { Some(AuditWords { salt: salt()?, text }) };
        let record = AuditRecord {
            v: FORM,
            stream: self.stream.clone(),
            seq: self.seq + 1,
            at,
            kind: kind.name().to_owned(),
            about,
            words: words.as_ref().map(AuditWords::hash),
            prev: self.hash,
        };
        let hash = record.hash();
        (self.seq, self.hash) = (record.seq, hash);
        let is_due = kind.closes() || self.seq - self.signed >= AUDIT_CHECKPOINT_EVERY;
        let head = is_due.then(|| self.sign(at));
        Ok((SealedRecord { record, hash, words }, head))
    }

    /// Signs its head.
    #[must_use]
    pub fn sign(&mut self, at: Timestamp) -> SignedHead {
        self.signed = self.seq;
        let Self { stream, key, seq, hash, .. } = self;
        let (stream, key, seq, hash) = (stream.clone(), &*key, *seq, *hash);
        SignedHead::sign(AuditCheckpoint { v: FORM, stream, seq, hash, at, key: key.public() }, key)
    }

    /// Its last record.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// How many records it has after the last checkpoint.
    #[must_use]
    pub const fn unsigned(&self) -> u64 {
        self.seq - self.signed
    }

    /// Whose it is.
    #[must_use]
    pub fn stream(&self) -> &str {
        &self.stream
    }
}

/// What the first record follows.
pub(super) fn genesis(stream: &str, key: &super::AuditPublicKey) -> Digest {
    let parts = [b"d1 audit genesis v1\0", stream.as_bytes(), b"\0", key.as_bytes()];
    Digest::of(&parts.concat())
}

fn salt() -> Result<String, AuditError> {
    let mut bytes = [0; 16];
    random(&mut bytes)?;
    Ok(hex(&bytes))
}
