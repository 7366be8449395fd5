//! What a device signs with its bound key, so that nobody else enrols or recovers as it does.
//!
//! Each is one line of text that begins with what it is for, so that a signature for one thing
//! is none for another. The request for a certificate goes in by its digest (PKCS #10, RFC 2986,
//! as DER), and it brings the proof of its own key.

use crate::{DeviceId, Digest};

/// What a device signs that enrols by a one-time token.
#[must_use]
pub fn enrolment_proof(device: DeviceId, token: &str, request: &[u8]) -> Vec<u8> {
    let (token, request) = (Digest::of(token.as_bytes()), Digest::of(request));
    format!("d1-enrol/1 {device} {token} {request}").into_bytes()
}

/// What a device signs that slept until its certificate was over: the generation of that, so
/// that a request that was recorded gets nobody anything but what was given for it already.
#[must_use]
pub fn recovery_proof(device: DeviceId, generation: u64, request: &[u8]) -> Vec<u8> {
    let request = Digest::of(request);
    format!("d1-recover/1 {device} {generation} {request}").into_bytes()
}
