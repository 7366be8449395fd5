//! Why a policy file cannot be used.

use d1_core::{Category, Problem};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a policy file cannot be used. Without a readable policy nothing runs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// It cannot be read.
    #[error("cannot read the policy `{path}`; make it readable for this program", path = path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("cannot write `{path}`; its owner, or the administrator, can", path = path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is too large, or no file at all.
    #[error("`{path}` is not a file of at most {max} bytes; write a shorter one", path = path.display())]
    Size {
        /// Which file.
        path: PathBuf,
        /// The most bytes.
        max: u64,
    },
    /// It is not of the known form.
    #[error("`{path}`, line {line}: {why}; mend this line", path = path.display())]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Which line, counted from one.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A rule says something else than its examples, or nothing that can be used.
    #[error("`{path}`, line {line}: the rule `{rule}` cannot be used: {why}; mend the rule or the example", path = path.display())]
    Rule {
        /// Which file.
        path: PathBuf,
        /// The line on which the rule begins.
        line: usize,
        /// What it is called.
        rule: String,
        /// What is wrong with it.
        why: String,
    },
    /// Others than its owner could change it.
    #[error("`{path}` can be changed by {who}; run chmod {mode} on it", path = path.display())]
    Writable {
        /// Which file or folder.
        path: PathBuf,
        /// By whom.
        who: &'static str,
        /// What takes that away.
        mode: &'static str,
    },
    /// It belongs to somebody who has no say here.
    #[error("`{path}` belongs to user {uid}, who has no say here; give it to its owner with chown", path = path.display())]
    Stranger {
        /// Which file or folder.
        path: PathBuf,
        /// Whose it is.
        uid: u32,
    },
}

impl PolicyError {
    /// Told so that a person can act on it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let text = self.to_string();
        let (title, remedy) = text.rsplit_once("; ").unwrap_or((&text, ""));
        let cause = std::error::Error::source(self).map_or_else(String::new, ToString::to_string);
        Problem::new("D1-POL-002", Category::Denied, title)
            .because(cause)
            .leaving("nothing was changed; nothing runs without a readable policy")
            .next(remedy)
    }

    /// Which file or folder it is about.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Read { path, .. }
            | Self::Write { path, .. }
            | Self::Size { path, .. }
            | Self::Syntax { path, .. }
            | Self::Rule { path, .. }
            | Self::Writable { path, .. }
            | Self::Stranger { path, .. } => path,
        }
    }
}
