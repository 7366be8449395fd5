//! Proof by a program that it is the one that began to sign in (PKCE, RFC 7636).

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use d1_core::Digest;
use serde::{Deserialize, Serialize};

/// The digest of what whoever began will show in the end. Only `S256`: `plain` proves nothing
/// to somebody who has seen the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Challenge(Digest);

impl Challenge {
    /// As a request has it; `None` when it cannot be one.
    pub(super) fn read(challenge: &str, method: Option<&str>) -> Option<Self> {
        let bytes = BASE64.decode(challenge.get(..64).unwrap_or(challenge)).ok()?;
        let bytes: [u8; 32] = bytes.try_into().ok()?;
        (method == Some("S256")).then_some(Self(Digest::from_bytes(bytes)))
    }

    /// Whether `verifier` is what it is the digest of.
    pub(super) fn is_met_by(&self, verifier: &str) -> bool {
        let legal = |c: u8| c.is_ascii_alphanumeric() || b"-._~".contains(&c);
        (43..=128).contains(&verifier.len())
            && verifier.bytes().all(legal)
            && Digest::of(verifier.as_bytes()) == self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_is_met() {
        // RFC 7636, appendix B.
        let challenge =
            Challenge::read("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", Some("S256"));
        let challenge = challenge.unwrap();
        assert!(challenge.is_met_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!challenge.is_met_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl"));
        assert!(!challenge.is_met_by(""));
    }

    #[test]
    fn what_proves_nothing_is_refused() {
        let good = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        for method in [None, Some("plain"), Some("s256")] {
            assert_eq!(Challenge::read(good, method), None);
        }
        for bad in ["", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw", "é", &"A".repeat(1_000)] {
            assert_eq!(Challenge::read(bad, Some("S256")), None);
        }
        let short = "a".repeat(42);
        let digest = BASE64.encode(Digest::of(short.as_bytes()).as_bytes());
        assert!(!Challenge::read(&digest, Some("S256")).unwrap().is_met_by(&short));
    }
}
