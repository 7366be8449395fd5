//! The lines of a log: records and checkpoints, each one JSON document in canonical form.

use super::{
    canonical::{canonical, digest},
    checkpoint::SignedHead,
};
use crate::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the hash of a record is over, besides the record.
const RECORD: &str = "d1 audit record v1";
/// What the hash of words is over, besides the words.
const WORDS: &str = "d1 audit words v1";

/// Something that happened, in its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditRecord {
    /// The form of the log; 1.
    pub v: u32,
    /// Whose log it is.
    pub stream: String,
    /// Its number: one more than that of the record before.
    pub seq: u64,
    /// When it was written, by the clock of whoever wrote it.
    pub at: Timestamp,
    /// What happened, as [`super::AuditKind::name`] says it.
    pub kind: String,
    /// Which things it is about.
    pub about: BTreeMap<String, String>,
    /// The hash of its words, when it had any.
    pub words: Option<Digest>,
    /// The hash of the record before.
    pub prev: Digest,
}

/// What was said of something, and what makes its hash tell nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditWords {
    /// Random, so that nobody finds the words by trying hashes.
    pub salt: String,
    /// The words, by what they say.
    pub text: BTreeMap<String, String>,
}

/// A record with its hash, and with its words as long as they are there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedRecord {
    /// What is hashed.
    pub record: AuditRecord,
    /// Its hash.
    pub hash: Digest,
    /// Its words; none when it had none, or when they were taken away.
    pub words: Option<AuditWords>,
}

/// One line of a log.
#[expect(clippy::large_enum_variant, reason = "there are about as many heads as records")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditLine {
    /// Something that happened.
    Record(Box<SealedRecord>),
    /// The head at that place, signed.
    Checkpoint(SignedHead),
}

/// A text that is not a line of a log.
#[derive(Debug, thiserror::Error)]
pub enum NotALine {
    /// It has another form.
    #[error("it is neither a record nor a checkpoint")]
    Form(#[from] serde_json::Error),
    /// It could be read in more than one way.
    #[error("it is not in the canonical form of RFC 8785")]
    NotCanonical,
    /// It is longer than anything that is ever written.
    #[error("it is longer than {max} bytes", max = AuditLine::MAX_BYTES)]
    TooLong,
}

impl AuditRecord {
    /// Its hash.
    #[must_use]
    pub fn hash(&self) -> Digest {
        digest(RECORD, self)
    }
}

impl AuditWords {
    /// Their hash.
    #[must_use]
    pub fn hash(&self) -> Digest {
        digest(WORDS, self)
    }
}

impl SealedRecord {
    /// The same without its words.
    #[must_use]
    pub fn without_words(self) -> Self {
        Self { words: None, ..self }
    }

    /// Whether it had words that were taken away.
    #[must_use]
    pub const fn is_redacted(&self) -> bool {
        self.record.words.is_some() && self.words.is_none()
    }
}

impl AuditLine {
    /// The most bytes of a line.
    pub const MAX_BYTES: usize = 256 * 1024;

    /// It as text, without an end of line.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Record(record) => canonical(record),
            Self::Checkpoint(head) => canonical(head),
        }
    }
}

impl std::str::FromStr for AuditLine {
    type Err = NotALine;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > Self::MAX_BYTES {
            return Err(NotALine::TooLong);
        }
        // In canonical form the first name decides.
        let line = if text.starts_with("{\"checkpoint\"") {
            Self::Checkpoint(serde_json::from_str(text)?)
        } else {
            Self::Record(serde_json::from_str(text)?)
        };
        if line.to_text() == text { Ok(line) } else { Err(NotALine::NotCanonical) }
    }
}
