//! An absolute path without detours.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// An absolute path of at most 4,096 bytes, without `.`, `..`, doubled slashes or NUL.
///
/// A leading `~/` is allowed: it stands for the home of the user who does the work
/// and is resolved on the device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AbsolutePath(String);

/// Why a string is not such a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a plain absolute path; write it from `/` or `~/` without `.` or `..`")]
pub struct PathError {
    given: String,
}

impl AbsolutePath {
    /// The most bytes (`PATH_MAX`).
    pub const MAX: usize = 4096;

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AbsolutePath {
    type Err = PathError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let rest = s.strip_prefix("~/").or_else(|| s.strip_prefix('/'));
        let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
        let fine = match rest {
            Some("") => s == "/",
            Some(rest) => s.len() <= Self::MAX && rest.split('/').all(plain),
            None => false,
        };
        if fine {
            Ok(Self(s.to_owned()))
        } else {
            Err(PathError { given: s.escape_debug().to_string().chars().take(80).collect() })
        }
    }
}

impl TryFrom<String> for AbsolutePath {
    type Error = PathError;
    fn try_from(s: String) -> Result<Self, Self::Error> {
        s.parse()
    }
}

impl From<AbsolutePath> for String {
    fn from(path: AbsolutePath) -> Self {
        path.0
    }
}

impl fmt::Display for AbsolutePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_detour_is_refused() {
        for bad in ["", "etc", "/etc/../root", "/etc//x", "/etc/", "~", "~root/x", "/a\0b", "/./a"]
        {
            assert!(bad.parse::<AbsolutePath>().is_err(), "{bad:?} passed");
        }
        for good in ["/", "/etc/hosts", "~/.bashrc", "/a b/ü"] {
            assert!(good.parse::<AbsolutePath>().is_ok(), "{good:?} refused");
        }
    }
}
