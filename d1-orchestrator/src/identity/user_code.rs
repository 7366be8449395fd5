//! The code that a person types from one screen into another (RFC 8628 §6.1).
//!
//! Eight letters of twenty: no vowels, so that no word comes of it, and nothing that looks
//! like something else. That is 34 bits, so whoever guesses is counted.

use super::secret::{NoRandom, random};
use d1_core::Digest;
use std::fmt;

const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;
/// The largest multiple of twenty that a byte can be: beyond it some letters would be likelier.
const FAIR: u8 = 240;

/// A code that a person types.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct UserCode([u8; LENGTH]);

impl UserCode {
    /// A new one.
    pub(super) fn new() -> Result<Self, NoRandom> {
        let mut letters = Vec::with_capacity(LENGTH);
        loop {
            for byte in random::<LENGTH>()?.into_iter().filter(|&byte| byte < FAIR) {
                letters.push(LETTERS[usize::from(byte) % LETTERS.len()]);
            }
            if let Some(code) = letters.first_chunk::<LENGTH>() {
                return Ok(Self(*code));
            }
        }
    }

    /// As somebody typed it: in any case, with blanks or dashes anywhere or nowhere.
    pub(super) fn read(typed: &str) -> Option<Self> {
        if typed.len() > 4 * LENGTH {
            return None;
        }
        let between = |c: &char| !matches!(c, ' ' | '-' | '_' | '.');
        let letters = typed.chars().filter(between).map(|c| c.to_ascii_uppercase());
        let known = |c: char| u8::try_from(c).ok().filter(|byte| LETTERS.contains(byte));
        let letters: Vec<u8> = letters.map(known).collect::<Option<_>>()?;
        letters.try_into().ok().map(Self)
    }

    /// What its grant is found by.
    pub(super) fn digest(&self) -> Digest {
        Digest::of(&[b"user code ", &self.0[..]].concat())
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(&self.0);
        write!(f, "{}-{}", &text[..LENGTH / 2], &text[LENGTH / 2..])
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        let code = UserCode::new().unwrap();
        let shown = code.to_string();
        assert_eq!(shown.len(), 9);
        for typed in [
            shown.clone(),
            shown.to_lowercase(),
            shown.replace('-', ""),
            shown.replace('-', " "),
            format!(" {}_", shown.replace('-', ".")),
        ] {
            assert_eq!(UserCode::read(&typed), Some(code.clone()), "{typed}");
        }
    }

    #[test]
    fn what_cannot_be_a_code_is_none() {
        // The second looks like BCDF-GHJK, and begins in Cyrillic.
        for bad in
            ["", "ВCDF-GHJK", "BCDF-GHJ", "BCDF-GHJKL", "AEIO-UAEI", "0123-4567", "BCDF-GHJ\0"]
        {
            assert_eq!(UserCode::read(bad), None, "{bad:?}");
        }
        assert_eq!(UserCode::read(&"-".repeat(1_000_000)), None);
    }

    #[test]
    fn every_letter_is_as_likely_as_every_other() {
        let mut counts = [0_u32; 20];
        for _ in 0..5_000 {
            for letter in UserCode::new().unwrap().0 {
                counts[LETTERS.iter().position(|&known| known == letter).unwrap()] += 1;
            }
        }
        // 2,000 each; a letter twice as likely as others, as a careless choice makes it,
        // would be far outside. The odds against a fair choice failing are beyond 10^15 to 1.
        assert!(counts.iter().all(|count| (1_600..2_400).contains(count)), "{counts:?}");
    }
}
