//! What a command writes while it runs.

use crate::TaskId;
use serde::{Deserialize, Serialize};

/// Where a piece of output came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// We said it ourselves: what is being waited for, what was retried.
    Note,
}

/// A piece of output, as it comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Where it came from.
    pub stream: Stream,
    /// Its bytes, exactly.
    pub bytes: Vec<u8>,
}

impl Output {
    /// A line of our own.
    #[must_use]
    pub fn note(text: impl Into<String>) -> Self {
        Self { stream: Stream::Note, bytes: text.into().into_bytes() }
    }
}

/// A piece of output with its place, so that it can be sent again and never twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputChunk {
    /// Whose output.
    pub task: TaskId,
    /// Of which attempt.
    pub attempt: u32,
    /// Its place: 1, 2, 3 … without gaps, over all streams of the attempt.
    pub seq: u64,
    /// What was written.
    pub output: Output,
}

impl OutputChunk {
    /// The most bytes in one chunk: it fits into a frame with room to spare.
    pub const MAX_BYTES: usize = 64 * 1024;
}
