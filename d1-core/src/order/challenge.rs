//! What a device asks of a link whose orders are to be signed.

use super::{OrderKeyError, OrderPublicKey};
use crate::ed25519::{hex, random};
use std::fmt;

/// Random bytes that a device makes anew for each link: an order that names them was made for
/// this link, whatever was recorded on others, and whatever of the device's state was lost.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LinkChallenge([u8; Self::BYTES]);

impl LinkChallenge {
    /// How many bytes it has.
    pub const BYTES: usize = 32;

    /// A fresh one from the system's randomness.
    pub fn generate() -> Result<Self, OrderKeyError> {
        let mut bytes = [0; Self::BYTES];
        random(&mut bytes).map_err(OrderKeyError::of)?;
        Ok(Self(bytes))
    }

    /// The one that is these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

impl fmt::Debug for LinkChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// A device wants the orders of this link signed. Whoever takes this away from it on its way
/// gets nothing done: the device knows what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealRequest {
    /// What each order has to name.
    pub challenge: LinkChallenge,
    /// The keys that it knows; by one of them it can be told others.
    pub keys: Vec<OrderPublicKey>,
}
