//! One key, ready to sign and to verify with.

use super::ring::KeyError;
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use d1_core::{KeyStage, SigningKey, Timestamp};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    jwk::{Jwk, PublicKeyUse, ThumbprintHash},
};

/// One key, ready to sign and to verify with.
pub(in crate::identity) struct LiveKey {
    pub(in crate::identity) id: String,
    pub(in crate::identity) stage: KeyStage,
    pub(in crate::identity) signs: EncodingKey,
    pub(in crate::identity) verifies: DecodingKey,
    pub(in crate::identity) public: Jwk,
}

impl LiveKey {
    /// Reads a key that was kept; one that is none, or is not of our kind, is refused.
    pub(super) fn read(kept: &SigningKey) -> Result<Self, KeyError> {
        let signs = EncodingKey::from_ec_der(&kept.secret);
        let mut public = jwk(&signs)?;
        public.common.key_id = Some(kept.id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        let verifies = DecodingKey::from_jwk(&public).map_err(KeyError::unusable)?;
        Ok(Self { id: kept.id.clone(), stage: kept.stage, signs, verifies, public })
    }
}

/// A new key on the curve P-256, named by its thumbprint (RFC 7638).
pub(super) fn fresh(stage: KeyStage, now: Timestamp) -> Result<SigningKey, KeyError> {
    let random = SystemRandom::new();
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
    let secret = made.map_err(KeyError::unusable)?.as_ref().to_vec();
    let public = jwk(&EncodingKey::from_ec_der(&secret))?;
    let id = public.thumbprint(ThumbprintHash::SHA256).map_err(KeyError::unusable)?;
    Ok(SigningKey { id, stage, since: now, secret })
}

fn jwk(signs: &EncodingKey) -> Result<Jwk, KeyError> {
    Jwk::from_encoding_key(signs, Algorithm::ES256).map_err(KeyError::unusable)
}
