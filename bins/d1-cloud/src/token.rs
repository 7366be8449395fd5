//! The development token: one secret that opens everything, on this machine only. Nobody needs
//! it where people sign in.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use d1_core::{AccountId, Digest};
use std::{fmt, io, path::Path};

/// The shortest token that is taken.
const MIN_LENGTH: usize = 16;
/// The longest.
const MAX_LENGTH: usize = 512;

/// The development token. Only its digest is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DevelopmentToken(Digest);

impl DevelopmentToken {
    /// Reads it from the one line of a file.
    pub fn read(path: &Path) -> io::Result<Self> {
        let text = std::fs::read_to_string(path)?;
        Self::new(text.trim()).ok_or_else(|| {
            let why = format!("a token has {MIN_LENGTH} to {MAX_LENGTH} visible ASCII characters");
            io::Error::new(io::ErrorKind::InvalidData, why)
        })
    }

    /// A token that is long enough.
    #[must_use]
    pub fn new(token: &str) -> Option<Self> {
        let fits = (MIN_LENGTH..=MAX_LENGTH).contains(&token.len());
        let plain = token.chars().all(|c| c.is_ascii_graphic());
        (fits && plain).then(|| Self(Digest::of(token.as_bytes())))
    }

    /// Who presents these headers; `None` when nobody we know.
    ///
    /// Digests are compared, so the time it takes tells nothing about the token.
    #[must_use]
    pub fn account(&self, headers: &HeaderMap) -> Option<AccountId> {
        let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        let known =
            scheme.eq_ignore_ascii_case("bearer") && Digest::of(token.trim().as_bytes()) == self.0;
        known.then(Self::development_account)
    }

    /// The account of everything done with it.
    #[must_use]
    pub fn development_account() -> AccountId {
        AccountId::from_bytes([0xde; 16])
    }
}

impl fmt::Debug for DevelopmentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DevelopmentToken(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())])
    }

    #[test]
    fn only_the_whole_token_opens() {
        let token = DevelopmentToken::new("0123456789abcdef").unwrap();
        assert!(token.account(&headers("Bearer 0123456789abcdef")).is_some());
        assert!(token.account(&headers("bearer 0123456789abcdef")).is_some());
        for wrong in ["Bearer 0123456789abcde", "Basic 0123456789abcdef", "0123456789abcdef", ""] {
            assert_eq!(token.account(&headers(wrong)), None, "{wrong:?}");
        }
        assert_eq!(token.account(&HeaderMap::new()), None);
    }

    #[test]
    fn a_short_token_is_refused_and_none_is_ever_printed() {
        assert_eq!(DevelopmentToken::new("short"), None);
        assert_eq!(DevelopmentToken::new("has a blank in it!!"), None);
        let token = DevelopmentToken::new("0123456789abcdef").unwrap();
        assert_eq!(format!("{token:?}"), "DevelopmentToken(hidden)");
    }
}
