//! The key that checkpoints are signed with (Ed25519, RFC 8032).

use super::log::AuditError;
use crate::ed25519::{forms, hex, unhex};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

/// A key that signs checkpoints. It is never printed.
#[derive(Clone)]
pub struct AuditKey(SigningKey);

/// The half of a key that others may know, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AuditPublicKey(VerifyingKey);

/// A string that is not a public key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a public key of an audit log is 64 hexadecimal digits; this is something else")]
pub struct AuditPublicKeyError;

forms!(AuditKey, AuditPublicKey, AuditPublicKeyError);

impl AuditKey {
    /// A fresh key from the system's randomness.
    pub fn generate() -> Result<Self, AuditError> {
        let mut seed = [0; 32];
        random(&mut seed)?;
        Ok(Self::from_seed(&seed))
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> String {
        hex(&self.0.sign(bytes).to_bytes())
    }
}

impl AuditPublicKey {
    /// Whether this key has signed these bytes. Weak keys and forms of a signature that others
    /// would read differently are refused.
    pub(super) fn has_signed(&self, bytes: &[u8], signature: &str) -> bool {
        let signature = unhex(signature).map(|bytes| Signature::from_bytes(&bytes));
        signature.is_some_and(|signature| self.0.verify_strict(bytes, &signature).is_ok())
    }
}

/// Fills `bytes` from the system's randomness.
pub(super) fn random(bytes: &mut [u8]) -> Result<(), AuditError> {
    let failed = |error| AuditError::Backend { doing: "find a random number", source: error };
    crate::ed25519::random(bytes).map_err(|error| failed(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_example_of_rfc_8032_comes_out_as_it_is_printed_there() {
        let seed = unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let key = AuditKey::from_seed(&seed.unwrap());
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        assert_eq!(key.public().to_string(), public);
        let signature = key.sign(b"");
        assert!(signature.starts_with("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974"));
        assert!(public.parse::<AuditPublicKey>().unwrap().has_signed(b"", &signature));
        assert!(!key.public().has_signed(b"x", &signature));
        assert!(!key.public().has_signed(b"", &signature.to_uppercase()));
    }

    #[test]
    fn a_key_is_never_printed() {
        let key = AuditKey::generate().unwrap();
        assert!(!format!("{key:?}").contains(&hex(&key.seed())));
    }
}
