//! What a device asks to be signed (PKCS #10, RFC 2986), of which the public key alone is
//! believed.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use d1_core::Digest;
use rcgen::{PKCS_ECDSA_P256_SHA256, PublicKeyData as _, SubjectPublicKeyInfo};
use x509_parser::{certification_request::X509CertificationRequest, prelude::FromDer as _};

/// The most bytes of a request: ten times what ours have.
const MAX_REQUEST: usize = 4 * 1024;
/// The bytes of a point of P-256 that is not compressed (SEC 1 §2.3.3).
const POINT: usize = 65;

/// A request whose maker has the private key.
#[derive(Debug)]
pub(in crate::identity) struct CertificateRequest(SubjectPublicKeyInfo);

impl CertificateRequest {
    /// Reads a request, and verifies that its maker has the key: one on the curve P-256, and
    /// none that is weaker, or that others have to be read for.
    pub(in crate::identity) fn read(der: &[u8]) -> Result<Self, &'static str> {
        if der.len() > MAX_REQUEST {
            return Err("the request for a certificate is longer than any");
        }
        let (rest, request) = X509CertificationRequest::from_der(der)
            .map_err(|_| "the request for a certificate cannot be read")?;
        if !rest.is_empty() {
            return Err("something follows the request for a certificate");
        }
        let key = p256(request.certification_request_info.subject_pki.raw)?;
        let signed = request.verify_signature();
        signed.map_err(|_| "the request for a certificate is not signed by its own key")?;
        Ok(Self(key))
    }

    /// The key that is to be signed.
    pub(in crate::identity) const fn public_key(&self) -> &SubjectPublicKeyInfo {
        &self.0
    }

    /// Its digest.
    pub(in crate::identity) fn key(&self) -> Digest {
        Digest::of(&self.0.subject_public_key_info())
    }
}

/// Verifies that whoever has the bound key has signed this (ECDSA with SHA-256).
pub(in crate::identity) fn verify_bound(
    key: &[u8],
    said: &[u8],
    signature: &[u8],
) -> Result<(), &'static str> {
    let key = p256(key)?;
    let verified = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.der_bytes());
    let verified = verified.verify(said, signature);
    verified.map_err(|_| "the request is not signed by the bound key")
}

/// A public key on the curve P-256, as a `SubjectPublicKeyInfo`.
fn p256(der: &[u8]) -> Result<SubjectPublicKeyInfo, &'static str> {
    let why = "the key is not one on the curve P-256";
    let key = SubjectPublicKeyInfo::from_der(der).map_err(|_| why)?;
    let fits = key.algorithm() == &PKCS_ECDSA_P256_SHA256 && key.der_bytes().len() == POINT;
    fits.then_some(key).ok_or(why)
}
