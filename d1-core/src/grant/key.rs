//! The key of a person, with which they sign plans (Ed25519, RFC 8032).

use crate::ed25519::{forms, random};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

/// A key with which a person signs plans. It is never printed.
#[derive(Clone)]
pub struct UserKey(SigningKey);

/// The half of it that devices know, which is its name, too: 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserPublicKey(VerifyingKey);

/// A string that is not the public key of a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the public key of a person is 64 hexadecimal digits; d1-doctor keys make prints it")]
pub struct UserPublicKeyError;

/// No key can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no random number for a key could be had: {0}; see that the system has some")]
pub struct UserKeyError(String);

forms!(UserKey, UserPublicKey, UserPublicKeyError);

impl UserKey {
    /// A fresh key from the system's randomness.
    pub fn generate() -> Result<Self, UserKeyError> {
        let mut seed = [0; 32];
        random(&mut seed).map_err(UserKeyError)?;
        Ok(Self::from_seed(&seed))
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.sign(bytes).to_bytes().to_vec()
    }
}

impl UserPublicKey {
    /// Whether this key has signed these bytes. Weak keys and forms of a signature that others
    /// would read differently are refused.
    pub(super) fn has_signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature);
        signature.is_ok_and(|signature| self.0.verify_strict(bytes, &signature).is_ok())
    }
}
