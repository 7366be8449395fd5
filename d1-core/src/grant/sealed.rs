//! A grant as it travels: bytes that nobody has read yet.

use crate::ed25519::{bytes_of_hex, hex};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A signed grant, as bytes; written as lower-case hexadecimal digits. Nothing of it is believed
/// before [`verify_grant`](crate::verify_grant) has said so.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SealedGrant(Vec<u8>);

/// Bytes that are no grant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a grant is up to {max} bytes, written as hexadecimal digits; take what d1-doctor setups sign sends", max = SealedGrant::MAX_BYTES)]
pub struct SealedGrantError;

impl SealedGrant {
    /// The most bytes: the digests of as many steps as a plan has, and what is around them.
    pub const MAX_BYTES: usize = 10 * 1024;

    /// The grant that is these bytes.
    pub fn new(bytes: Vec<u8>) -> Result<Self, SealedGrantError> {
        let fits = (1..=Self::MAX_BYTES).contains(&bytes.len());
        if fits { Ok(Self(bytes)) } else { Err(SealedGrantError) }
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for SealedGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for SealedGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedGrant({} bytes)", self.0.len())
    }
}

impl FromStr for SealedGrant {
    type Err = SealedGrantError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let fits = s.len() <= 2 * Self::MAX_BYTES;
        let bytes = fits.then(|| bytes_of_hex(s)).flatten();
        Self::new(bytes.ok_or(SealedGrantError)?)
    }
}

impl TryFrom<String> for SealedGrant {
    type Error = SealedGrantError;
    fn try_from(s: String) -> Result<Self, Self::Error> {
        s.parse()
    }
}

impl From<SealedGrant> for String {
    fn from(grant: SealedGrant) -> Self {
        grant.to_string()
    }
}
