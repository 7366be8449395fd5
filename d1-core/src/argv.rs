//! A command: a program and its arguments, never a shell line.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Argv(Vec<String>);

/// Why a list of words is not a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArgvError {
    /// No program to run.
    #[error("a command needs a program; the first word is missing or empty")]
    NoProgram,
    /// More than a command line holds.
    #[error("a command has at most {max} words and {max_bytes} bytes; write a file instead")]
    TooLong {
        /// The most words.
        max: usize,
        /// The most bytes.
        max_bytes: usize,
    },
    /// A byte no operating system passes on.
    #[error("word {position} has a NUL byte in it, which no program can receive")]
    Nul {
        /// Which word, counted from one.
        position: usize,
    },
}

impl Argv {
    /// The most words.
    pub const MAX_WORDS: usize = 1024;
    /// The most bytes of all words together.
    pub const MAX_BYTES: usize = 96 * 1024;

    /// A command that is well formed, or the reason it is not.
    pub fn new(words: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, ArgvError> {
        let words: Vec<String> = words.into_iter().map(Into::into).collect();
        if words.first().is_none_or(String::is_empty) {
            return Err(ArgvError::NoProgram);
        }
        let bytes: usize = words.iter().map(String::len).sum();
        if words.len() > Self::MAX_WORDS || bytes > Self::MAX_BYTES {
            return Err(ArgvError::TooLong { max: Self::MAX_WORDS, max_bytes: Self::MAX_BYTES });
        }
        match words.iter().position(|word| word.contains('\0')) {
            Some(at) => Err(ArgvError::Nul { position: at + 1 }),
            None => Ok(Self(words)),
        }
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// Program and arguments.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

impl TryFrom<Vec<String>> for Argv {
    type Error = ArgvError;
    fn try_from(words: Vec<String>) -> Result<Self, Self::Error> {
        Self::new(words)
    }
}

impl From<Argv> for Vec<String> {
    fn from(argv: Argv) -> Self {
        argv.0
    }
}

/// For people to read; words with blanks are quoted. Not meant for a shell.
impl fmt::Display for Argv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, word) in self.0.iter().enumerate() {
            let gap = if i == 0 { "" } else { " " };
            let plain = |c: char| c.is_ascii_graphic() && !"'\"\\$`".contains(c);
            if !word.is_empty() && word.chars().all(plain) {
                write!(f, "{gap}{word}")?;
            } else {
                write!(f, "{gap}{word:?}")?;
            }
        }
        Ok(())
    }
}
