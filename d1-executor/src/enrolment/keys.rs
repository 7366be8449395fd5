//! The keys of a device, and what it asks to be signed.

use super::EnrolledError;
use d1_core::{DeviceId, enrolment_proof};
use rcgen::{
    CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData as _,
    SigningKey as _,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A private key on the curve P-256, as PKCS #8 in PEM. Never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PrivateKey(String);

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(hidden)")
    }
}

impl PrivateKey {
    /// A new one.
    pub fn generate() -> Result<Self, EnrolledError> {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(EnrolledError::key)?;
        Ok(Self(pair.serialize_pem()))
    }

    fn pair(&self) -> Result<KeyPair, EnrolledError> {
        KeyPair::from_pem(&self.0).map_err(EnrolledError::key)
    }

    /// As PKCS #8 (RFC 5958).
    pub fn pkcs8(&self) -> Result<Vec<u8>, EnrolledError> {
        Ok(self.pair()?.serialize_der())
    }

    /// The public half, as a `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7).
    pub fn public(&self) -> Result<Vec<u8>, EnrolledError> {
        Ok(self.pair()?.subject_public_key_info())
    }

    /// A request for a certificate of this key, as DER (PKCS #10, RFC 2986). It asks for
    /// nothing else: what is in a certificate, its authority decides.
    pub fn request(&self) -> Result<Vec<u8>, EnrolledError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let request = params.serialize_request(&self.pair()?).map_err(EnrolledError::key)?;
        Ok(request.der().to_vec())
    }

    /// Signs this (ECDSA with SHA-256).
    pub fn sign(&self, said: &[u8]) -> Result<Vec<u8>, EnrolledError> {
        self.pair()?.sign(said).map_err(EnrolledError::key)
    }
}

/// A device that is about to enrol, with two new keys.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// Which device it is.
    pub device: DeviceId,
    /// The key that it keeps.
    pub bound: PrivateKey,
    /// The key of its first certificate.
    pub key: PrivateKey,
}

impl Newcomer {
    /// Makes its keys.
    pub fn new(device: DeviceId) -> Result<Self, EnrolledError> {
        Ok(Self { device, bound: PrivateKey::generate()?, key: PrivateKey::generate()? })
    }

    /// What it proves with the key that it keeps.
    pub fn proof(&self, token: &str, request: &[u8]) -> Result<Vec<u8>, EnrolledError> {
        self.bound.sign(&enrolment_proof(self.device, token, request))
    }
}
