//! What running a program comes to, where no process is ever started.

use crate::{Output, Stream};
use std::time::Duration;

/// What running a program comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// What it writes, in order. A piece may be of any size; it is passed on in small ones.
    pub output: Vec<Output>,
    /// How long it takes, once it has written everything.
    pub takes: Duration,
    /// How it ends.
    pub ending: Ending,
}

/// How a program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with this exit code.
    Exits(i32),
    /// Never by itself: only when it is stopped or its time is over.
    Never,
}

impl Program {
    /// A program that writes this and is content.
    #[must_use]
    pub fn saying(text: &str) -> Self {
        let bytes = text.as_bytes().to_vec();
        let output = vec![Output { stream: Stream::Stdout, bytes }];
        Self { output, takes: Duration::ZERO, ending: Ending::Exits(0) }
    }

    /// A program that complains of this and fails.
    #[must_use]
    pub fn failing(exit_code: i32, complaint: &str) -> Self {
        let bytes = complaint.as_bytes().to_vec();
        let output = vec![Output { stream: Stream::Stderr, bytes }];
        Self { output, takes: Duration::ZERO, ending: Ending::Exits(exit_code) }
    }

    /// A program that says nothing and never ends by itself.
    #[must_use]
    pub fn endless() -> Self {
        Self { output: Vec::new(), takes: Duration::ZERO, ending: Ending::Never }
    }
}
