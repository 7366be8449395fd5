//! Secrets that are handed out once and kept as digests: codes and tokens without meaning.
//!
//! `d1rt_` and its like say what a secret is for, so that a scan finds one that got out, and
//! a checksum tells a mistyped one without asking a store.

use aws_lc_rs::rand;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use d1_core::Digest;
use std::{error::Error, fmt};

/// The bytes of a secret: more than can ever be guessed.
const BYTES: usize = 32;
/// The bytes of its checksum.
const CHECK: usize = 4;

/// No random numbers are to be had.
#[derive(Debug, thiserror::Error)]
#[error("this system gives no random numbers")]
pub struct NoRandom(#[source] Box<dyn Error + Send + Sync>);

/// What a secret is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    DeviceCode,
    AuthorizationCode,
    RefreshToken,
    PersonalToken,
    Visit,
    Form,
    Detour,
    Enrolment,
}

impl Purpose {
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::DeviceCode => "d1dc_",
            Self::AuthorizationCode => "d1ac_",
            Self::RefreshToken => "d1rt_",
            Self::PersonalToken => "d1pat_",
            Self::Visit => "d1v_",
            Self::Form => "d1f_",
            Self::Detour => "d1dt_",
            Self::Enrolment => "d1enr_",
        }
    }
}

/// One secret. Never printed; it is told by [`Secret::text`] alone.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret {
    purpose: Purpose,
    /// What a record is found by.
    family: [u8; BYTES],
    /// What changes with each use: of refresh tokens alone.
    turn: Option<[u8; BYTES]>,
}

impl Secret {
    /// A new one that is used once, or as it is.
    pub(super) fn new(purpose: Purpose) -> Result<Self, NoRandom> {
        Ok(Self { purpose, family: random()?, turn: None })
    }

    /// The first of a family.
    pub(super) fn first_of_family(purpose: Purpose) -> Result<Self, NoRandom> {
        Ok(Self { purpose, family: random()?, turn: Some(random()?) })
    }

    /// The next of the same family.
    pub(super) fn next(&self) -> Result<Self, NoRandom> {
        Ok(Self { turn: Some(random()?), ..self.clone() })
    }

    /// One that was handed out, if this can be one: nobody has been asked yet.
    pub(super) fn read(purpose: Purpose, text: &str) -> Option<Self> {
        // Longer ones are not looked at.
        let body = text.strip_prefix(purpose.prefix()).filter(|body| body.len() <= 100)?;
        let bytes = BASE64.decode(body).ok()?;
        let (bytes, check) = bytes.split_last_chunk::<CHECK>()?;
        if check_of(bytes) != *check {
            return None;
        }
        let (family, rest) = bytes.split_first_chunk::<BYTES>()?;
        let turn = if rest.is_empty() { None } else { Some(rest.try_into().ok()?) };
        let has_turn = purpose == Purpose::RefreshToken;
        (turn.is_some() == has_turn).then_some(Self { purpose, family: *family, turn })
    }

    /// As it is handed out.
    pub(super) fn text(&self) -> String {
        let mut bytes = self.family.to_vec();
        bytes.extend(self.turn.iter().flatten());
        bytes.extend(check_of(&bytes));
        format!("{}{}", self.purpose.prefix(), BASE64.encode(bytes))
    }

    /// What its record is found by.
    pub(super) fn digest(&self) -> Digest {
        Digest::of(&self.family)
    }

    /// What tells it from the others of its family.
    pub(super) fn turn(&self) -> Digest {
        Digest::of(self.turn.as_ref().map_or(&[][..], |turn| turn))
    }

    /// Its bytes, to derive others from.
    pub(super) const fn bytes(&self) -> &[u8] {
        &self.family
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.purpose.prefix())
    }
}

/// Random bytes of the system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], NoRandom> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|error| NoRandom(error.into()))?;
    Ok(bytes)
}

fn check_of(bytes: &[u8]) -> [u8; CHECK] {
    crc32fast::hash(bytes).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_reads_back_for_its_purpose_alone() {
        let secret = Secret::new(Purpose::DeviceCode).unwrap();
        assert_eq!(Secret::read(Purpose::DeviceCode, &secret.text()), Some(secret.clone()));
        assert_eq!(Secret::read(Purpose::PersonalToken, &secret.text()), None);
        let renamed = secret.text().replace("d1dc_", "d1rt_");
        assert_eq!(Secret::read(Purpose::RefreshToken, &renamed), None);
    }

    #[test]
    fn a_family_stays_and_its_turns_differ() {
        let first = Secret::first_of_family(Purpose::RefreshToken).unwrap();
        let second = first.next().unwrap();
        assert_eq!(first.digest(), second.digest());
        assert_ne!(first.turn(), second.turn());
        assert_eq!(Secret::read(Purpose::RefreshToken, &second.text()), Some(second));
    }

    #[test]
    fn what_was_mistyped_or_made_up_is_none() {
        let text = Secret::new(Purpose::PersonalToken).unwrap().text();
        for index in "d1pat_".len()..text.len() {
            let mut typed = text.clone().into_bytes();
            typed[index] = if typed[index] == b'A' { b'B' } else { b'A' };
            let typed = String::from_utf8(typed).unwrap();
            assert_eq!(Secret::read(Purpose::PersonalToken, &typed), None, "{index}");
        }
        for made_up in ["", "d1pat_", "d1pat_x", "d1pat_\0", "é", &"d1pat_A".repeat(99_999)] {
            assert_eq!(Secret::read(Purpose::PersonalToken, made_up), None);
        }
    }

    #[test]
    fn a_secret_is_never_printed() {
        assert_eq!(format!("{:?}", Secret::new(Purpose::Visit).unwrap()), "d1v_…");
    }
}
