//! The one form in which something is hashed and signed.

use crate::Digest;
use serde::Serialize;

/// Its canonical JSON (RFC 8785).
///
/// What is written here has text, whole numbers below 2^53 and names that are text: nothing of
/// that can fail to be written.
pub(super) fn canonical(value: &impl Serialize) -> String {
    serde_json_canonicalizer::to_string(value).unwrap_or_default()
}

/// What of it is hashed or signed: a word that says what it is, so that nothing can be passed off
/// as something else, and its canonical JSON.
pub(super) fn marked(mark: &str, value: &impl Serialize) -> Vec<u8> {
    let mut bytes = mark.as_bytes().to_vec();
    bytes.push(0);
    bytes.extend_from_slice(canonical(value).as_bytes());
    bytes
}

/// The digest of the marked form.
pub(super) fn digest(mark: &str, value: &impl Serialize) -> Digest {
    Digest::of(&marked(mark, value))
}
