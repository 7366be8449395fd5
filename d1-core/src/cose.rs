//! What is signed here, whatever it says: CWT claims (RFC 8392) in a COSE_Sign1 message
//! (RFC 9052), by Ed25519.
//!
//! Everything about the signature is in the protected header, and nothing in the other one:
//! there is nothing in an envelope that could be changed without anybody noticing.

use crate::Timestamp;
use coset::{
    CborSerializable as _, ContentType, CoseError, CoseSign1, CoseSign1Builder, Header,
    HeaderBuilder, RegisteredLabelWithPrivate, TaggedCborSerializable as _,
    cwt::{ClaimsSet, Timestamp as Seconds},
    iana::Algorithm,
};

/// One kind of thing that is signed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    /// What is signed besides the message, so that a signature for one thing is none for another.
    pub(crate) context: &'static [u8],
    /// What the message is, in its header.
    pub(crate) content: &'static str,
}

impl Form {
    /// The envelope of these claims, which `sign` signs for the key of this name.
    pub(crate) fn seal(
        &self,
        key: &[u8],
        claims: ClaimsSet,
        sign: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> Result<Vec<u8>, String> {
        let told = |error: CoseError| error.to_string();
        let message = CoseSign1Builder::new()
            .protected(self.header(key))
            .payload(claims.to_vec().map_err(told)?)
            .create_signature(self.context, sign)
            .build();
        message.to_tagged_vec().map_err(told)
    }

    /// What the header says of what this key has signed.
    fn header(&self, key: &[u8]) -> Header {
        HeaderBuilder::new()
            .algorithm(Algorithm::EdDSA)
            .key_id(key.to_vec())
            .content_type(self.content.to_owned())
            .build()
    }
}

/// An envelope that was taken apart, and of which nothing is believed yet.
pub(crate) struct Envelope(CoseSign1);

impl Envelope {
    /// Takes it apart. Bytes that say the same in another way than we write it are refused:
    /// there is one form of each envelope.
    pub(crate) fn open(bytes: &[u8]) -> Option<Self> {
        let message = CoseSign1::from_tagged_slice(bytes).ok()?;
        let again: Result<Vec<u8>, CoseError> = message.clone().to_tagged_vec();
        let is_plain = message.unprotected.is_empty() && message.payload.is_some();
        (is_plain && again.is_ok_and(|again| again == bytes)).then_some(Self(message))
    }

    /// Whether it says of itself that it is of this form.
    pub(crate) fn is(&self, form: &Form) -> bool {
        let kind = &self.0.protected.header.content_type;
        matches!(kind, Some(ContentType::Text(text)) if text == form.content)
    }

    /// Who it says has signed it.
    pub(crate) fn key_id(&self) -> &[u8] {
        &self.0.protected.header.key_id
    }

    /// Whether it says that it is signed as ours are.
    pub(crate) fn has_our_algorithm(&self) -> bool {
        let ours = RegisteredLabelWithPrivate::Assigned(Algorithm::EdDSA);
        self.0.protected.header.alg.as_ref() == Some(&ours)
    }

    /// Whether the header has nothing that we would not have written for this key.
    pub(crate) fn is_understood(&self, form: &Form, key: &[u8]) -> bool {
        self.0.protected.header == form.header(key)
    }

    /// The claims, if the key has signed them: `has_signed` is asked with bytes and signature.
    pub(crate) fn claims(
        &self,
        form: &Form,
        has_signed: impl FnOnce(&[u8], &[u8]) -> bool,
    ) -> Option<&[u8]> {
        let verified = self.0.verify_signature(form.context, |signature, bytes| {
            if has_signed(bytes, signature) { Ok(()) } else { Err(()) }
        });
        verified.ok()?;
        self.0.payload.as_deref()
    }
}

/// A moment as claims have it, in whole seconds.
pub(crate) fn seconds(at: Timestamp) -> Result<Seconds, String> {
    i64::try_from(at.0 / 1_000).map(Seconds::WholeSeconds).map_err(|error| error.to_string())
}

/// The moment of a claim; `None` when it is in another form than we write.
pub(crate) fn time(seconds: Seconds) -> Option<Timestamp> {
    match seconds {
        Seconds::WholeSeconds(seconds) => {
            u64::try_from(seconds).ok()?.checked_mul(1_000).map(Timestamp)
        }
        Seconds::FractionalSeconds(_) => None,
    }
}
