//! The key that orders are signed with (Ed25519, RFC 8032).

use crate::ed25519::{forms, random};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

/// A key that signs orders. It is never printed.
#[derive(Clone)]
pub struct OrderKey(SigningKey);

/// The half of it that devices know, which is its name, too: 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrderPublicKey(VerifyingKey);

/// A string that is not a public key of orders.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a public key of orders is 64 hexadecimal digits; take it from d1-cloud order-keys list")]
pub struct OrderPublicKeyError;

/// No key can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no random number for a key of orders could be had: {0}; see that the system has some")]
pub struct OrderKeyError(String);

forms!(OrderKey, OrderPublicKey, OrderPublicKeyError);

impl OrderKeyError {
    pub(super) const fn of(cause: String) -> Self {
        Self(cause)
    }
}

impl OrderKey {
    /// A fresh key from the system's randomness.
    pub fn generate() -> Result<Self, OrderKeyError> {
        let mut seed = [0; 32];
        random(&mut seed).map_err(OrderKeyError::of)?;
        Ok(Self::from_seed(&seed))
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.sign(bytes).to_bytes().to_vec()
    }
}

impl OrderPublicKey {
    /// The key that is these 32 bytes; `None` when they are none.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        VerifyingKey::from_bytes(bytes.try_into().ok()?).ok().map(Self)
    }

    /// Whether this key has signed these bytes. Weak keys and forms of a signature that others
    /// would read differently are refused.
    pub(super) fn has_signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature);
        signature.is_ok_and(|signature| self.0.verify_strict(bytes, &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_orders_is_never_printed_and_its_public_half_is_read_as_it_is_written() {
        let key = OrderKey::generate().unwrap();
        let public = key.public();
        assert!(!format!("{key:?}").contains(&crate::ed25519::hex(&key.seed())));
        assert_eq!(public.to_string().parse(), Ok(public));
        assert_eq!(OrderPublicKey::from_bytes(public.as_bytes()), Some(public));
        assert_eq!("00".parse::<OrderPublicKey>(), Err(OrderPublicKeyError));
        assert_eq!(OrderPublicKey::from_bytes(b"short"), None);
    }
}
