//! What can be wrong with a log, told so that a person knows where to look.

use std::fmt;

/// What is wrong with a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditFlaw {
    /// A line is neither a record nor a checkpoint, or not in canonical form.
    Line,
    /// The log does not begin with a checkpoint.
    Beginning,
    /// A line belongs to another log.
    Stream,
    /// Records are missing, doubled, or in another order.
    Order,
    /// A record does not follow the one before it.
    Link,
    /// A record is not what it was when it was hashed.
    Record,
    /// Words are not those that were hashed.
    Words,
    /// A checkpoint is signed by a key that is not trusted.
    Key,
    /// A checkpoint's signature does not hold.
    Signature,
    /// A checkpoint is not of the head at its place.
    Checkpoint,
    /// A head that was signed before is not in the chain: the log was written anew.
    Anchor,
    /// Records are gone from its end.
    End,
    /// Records are gone from its beginning, and none says why.
    Pruned,
}

impl AuditFlaw {
    /// Its name, for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Beginning => "beginning",
            Self::Stream => "stream",
            Self::Order => "order",
            Self::Link => "link",
            Self::Record => "record",
            Self::Words => "words",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::Checkpoint => "checkpoint",
            Self::Anchor => "anchor",
            Self::End => "end",
            Self::Pruned => "pruned",
        }
    }

    /// It in words.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::Line => "the line cannot be read",
            Self::Beginning => "the log does not begin with a checkpoint",
            Self::Stream => "the line belongs to another log",
            Self::Order => "records are missing, doubled, or in another order",
            Self::Link => "the record does not follow the one before it",
            Self::Record => "the record was changed",
            Self::Words => "the words of the record were changed",
            Self::Key => "the checkpoint is signed by a key that is not trusted",
            Self::Signature => "the signature of the checkpoint does not hold",
            Self::Checkpoint => "the chain is not the one that was signed",
            Self::Anchor => "the chain is not the one whose head was kept elsewhere",
            Self::End => "records are gone from the end",
            Self::Pruned => "records are gone from the beginning, and none says why",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn next(self) -> &'static str {
        match self {
            Self::Key => {
                "compare the key with the one that you noted; if it is the right one, give it with --key"
            }
            Self::Line
            | Self::Beginning
            | Self::Stream
            | Self::Order
            | Self::Link
            | Self::Record
            | Self::Words
            | Self::Signature
            | Self::Checkpoint
            | Self::Anchor
            | Self::End
            | Self::Pruned => {
                "keep this log as it is, and compare it with a copy from elsewhere: what stands after this place proves nothing"
            }
        }
    }
}

/// The first place at which a log does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditBreak {
    /// Which line, from one.
    pub line: u64,
    /// Which record, when it is known.
    pub seq: Option<u64>,
    /// What is wrong.
    pub flaw: AuditFlaw,
    /// What had to be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl fmt::Display for AuditBreak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, flaw, expected, found, .. } = self;
        write!(f, "line {line}: {}; expected {expected}, found {found}", flaw.what())
    }
}

impl std::error::Error for AuditBreak {}
