//! Why a message cannot be written or read.

use d1_core::{Category, Problem};
use std::error::Error;

/// Why a message cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// More than a frame holds.
    #[error("a message of {given} bytes does not fit into a frame of {max}; send less at once")]
    TooLarge {
        /// How large it is.
        given: usize,
        /// The bound.
        max: usize,
    },
    /// Bytes that are no message at all.
    #[error("the frame is not a message of the link language; the stream is damaged or foreign")]
    Malformed(#[source] Box<dyn Error + Send + Sync>),
    /// A message that a newer version has added, or none at all.
    #[error("the message is of a kind this version does not know; update the older side")]
    UnknownMessage,
    /// Something that has to be there.
    #[error("`{field}` is missing or of a kind this version does not know; update the older side")]
    Missing {
        /// What is missing.
        field: &'static str,
    },
    /// Something that is there and makes no sense.
    #[error("`{field}` is not well formed: {why}")]
    Invalid {
        /// What is wrong.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// More entries than are taken.
    #[error("`{field}` has {given} entries; at most {max} are taken")]
    TooMany {
        /// Of what.
        field: &'static str,
        /// How many there are.
        given: usize,
        /// The bound.
        max: usize,
    },
    /// A longer text than is taken.
    #[error("`{field}` is {given} bytes long; at most {max} are taken")]
    TooLong {
        /// What is too long.
        field: &'static str,
        /// How long it is.
        given: usize,
        /// The bound.
        max: usize,
    },
}

impl WireError {
    /// Whether nothing that follows on the same link can be trusted any more.
    ///
    /// A message that is whole and merely not understood is answered with
    /// [`WireError::problem`], and the link goes on.
    #[must_use]
    pub const fn ends_link(&self) -> bool {
        match self {
            Self::TooLarge { .. } | Self::Malformed(_) => true,
            Self::UnknownMessage
            | Self::Missing { .. }
            | Self::Invalid { .. }
            | Self::TooMany { .. }
            | Self::TooLong { .. } => false,
        }
    }

    /// The same, told to the other side.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let (code, category, title) = match self {
            Self::UnknownMessage => {
                ("D1-LINK-001", Category::Daemon, "a message of an unknown kind was skipped")
            }
            Self::Missing { .. }
            | Self::Invalid { .. }
            | Self::TooMany { .. }
            | Self::TooLong { .. } => {
                ("D1-LINK-002", Category::Daemon, "a message that makes no sense was skipped")
            }
            Self::Malformed(_) => {
                ("D1-LINK-003", Category::Daemon, "the link carried something else than messages")
            }
            Self::TooLarge { .. } => {
                ("D1-LINK-004", Category::Daemon, "a message is too large for the link")
            }
        };
        Problem::new(code, category, title).because(self.to_string())
    }
}
