//! A [`LimitKey`]: who is limited, or by what; safe inside a key of any store.

use std::{fmt, str::FromStr, sync::Arc};

/// Why a string is not a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be who or what is limited; use 1 to 64 letters, digits and -_.:")]
pub struct LimitKeyError(String);

/// Who is limited, or by what: an account, a device, an address, the name of a limit.
///
/// Cloning it is cheap: answers tell by which limit they are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitKey(Arc<str>);

impl LimitKey {
    /// The most characters: an id, or an address, and a word before it.
    pub const MAX: usize = 64;

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LimitKey {
    type Err = LimitKeyError;

    fn from_str(text: &str) -> Result<Self, LimitKeyError> {
        // Braces and blanks would mean something to stores that share keys out.
        let legal = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        if !text.is_empty() && text.len() <= Self::MAX && text.chars().all(legal) {
            return Ok(Self(text.into()));
        }
        Err(LimitKeyError(text.chars().take(Self::MAX).flat_map(char::escape_debug).collect()))
    }
}

impl fmt::Display for LimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_mean_something_to_a_store_is_refused() {
        for bad in ["", "{a}", "a b", "a\n", "ü", &"x".repeat(65)] {
            assert!(bad.parse::<LimitKey>().is_err(), "{bad:?}");
        }
        assert!("acct:de-ad_1.2".parse::<LimitKey>().is_ok());
    }
}
