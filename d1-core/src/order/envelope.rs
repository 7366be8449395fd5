//! An order as it is signed: claims in a COSE_Sign1 message.
//!
//! Everything about the signature is in the protected header, and nothing in the other one:
//! there is nothing in an envelope that could be changed without anybody noticing.

use super::{LinkChallenge, OrderKey, OrderPublicKey};
use crate::{DeviceId, Timestamp};
use coset::{
    CborSerializable as _, ContentType, CoseError, CoseSign1, CoseSign1Builder, Header,
    HeaderBuilder, RegisteredLabelWithPrivate, TaggedCborSerializable as _,
    cbor::value::Value,
    cwt::{ClaimName, ClaimsSet, ClaimsSetBuilder, Timestamp as Seconds},
    iana::Algorithm,
};
use std::time::Duration;

/// What is signed besides the message, so that a signature for something else is none for this.
const CONTEXT: &[u8] = b"d1 order v1";
/// What the message is, in its header.
pub(super) const CONTENT: &str = "application/d1-order.v1+cwt";
/// The claim that has the challenge of the link. Below -65536 names are private (RFC 8392 §9.1).
const CHALLENGE: i64 = -70_001;
/// The claim that has the number of the order on its link.
const NUMBER: i64 = -70_002;
/// The claim that has what is ordered.
const WORDS: i64 = -70_003;

/// Something that a device is told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Which device is told.
    pub device: DeviceId,
    /// On which link.
    pub challenge: LinkChallenge,
    /// The how-manieth there, counted from one.
    pub number: u64,
    /// When it was said; whole seconds.
    pub issued_at: Timestamp,
    /// Not to be heeded after this; whole seconds.
    pub expires: Timestamp,
    /// What is ordered, as the wire writes it.
    pub words: Vec<u8>,
}

/// Why an order cannot be signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrderSealError {
    /// More than goes over a link.
    #[error("an order of {given} bytes is too large to be signed and sent; at most {max} are sent, so order less at once", max = Order::MAX_BYTES)]
    TooLarge {
        /// How large it is.
        given: usize,
    },
    /// A number beyond what the form has.
    #[error("an order has a time or a number that cannot be written: {0}; set the clock")]
    Unwritable(String),
}

impl Order {
    /// The most bytes of an envelope: it goes over a link in one frame, with a few bytes around.
    pub const MAX_BYTES: usize = 256 * 1024 - 64;
    /// How long an order is good. It is sent at once, and sent anew on the next link.
    pub const LIFE: Duration = Duration::from_secs(5 * 60);

    /// Signs it.
    pub fn seal(&self, key: &OrderKey) -> Result<Vec<u8>, OrderSealError> {
        let unwritable = |error: String| OrderSealError::Unwritable(error);
        let claims = self.claims().map_err(unwritable)?;
        let claims = claims.to_vec().map_err(|error| unwritable(error.to_string()))?;
        let message = CoseSign1Builder::new()
            .protected(header(&key.public()))
            .payload(claims)
            .create_signature(CONTEXT, |bytes| key.sign(bytes))
            .build();
        let sealed = message.to_tagged_vec().map_err(|error| unwritable(error.to_string()))?;
        match sealed.len() {
            given if given > Self::MAX_BYTES => Err(OrderSealError::TooLarge { given }),
            _ => Ok(sealed),
        }
    }

    fn claims(&self) -> Result<ClaimsSet, String> {
        let seconds = |at: Timestamp| {
            let seconds = i64::try_from(at.0 / 1_000).map_err(|error| error.to_string());
            seconds.map(Seconds::WholeSeconds)
        };
        Ok(ClaimsSetBuilder::new()
            .audience(self.device.to_string())
            .issued_at(seconds(self.issued_at)?)
            .expiration_time(seconds(self.expires)?)
            .private_claim(CHALLENGE, Value::Bytes(self.challenge.as_bytes().to_vec()))
            .private_claim(NUMBER, Value::Integer(self.number.into()))
            .private_claim(WORDS, Value::Bytes(self.words.clone()))
            .build())
    }

    /// Reads the claims of a message whose signature was verified; `None` when they are of
    /// another form.
    pub(super) fn read(claims: &[u8]) -> Option<Self> {
        let claims = ClaimsSet::from_slice(claims).ok()?;
        let [challenge, number, words] = [CHALLENGE, NUMBER, WORDS].map(|name| {
            let named = ClaimName::PrivateUse(name);
            claims.rest.iter().find(|(known, _)| *known == named).map(|(_, value)| value)
        });
        // What is not known here could be meant to restrict it.
        let knows_all = claims.rest.len() == 3
            && claims.issuer.is_none()
            && claims.subject.is_none()
            && claims.not_before.is_none()
            && claims.cwt_id.is_none();
        if !knows_all {
            return None;
        }
        let challenge = <[u8; LinkChallenge::BYTES]>::try_from(challenge?.as_bytes()?.as_slice());
        Some(Self {
            device: claims.audience?.parse().ok()?,
            challenge: LinkChallenge::from_bytes(challenge.ok()?),
            number: u64::try_from(number?.as_integer()?).ok()?,
            issued_at: time(claims.issued_at?)?,
            expires: time(claims.expiration_time?)?,
            words: words?.as_bytes()?.clone(),
        })
    }
}

fn time(seconds: Seconds) -> Option<Timestamp> {
    match seconds {
        Seconds::WholeSeconds(seconds) => {
            u64::try_from(seconds).ok()?.checked_mul(1_000).map(Timestamp)
        }
        Seconds::FractionalSeconds(_) => None,
    }
}

/// What the header of an order says that this key has signed.
fn header(key: &OrderPublicKey) -> Header {
    HeaderBuilder::new()
        .algorithm(Algorithm::EdDSA)
        .key_id(key.as_bytes().to_vec())
        .content_type(CONTENT.to_owned())
        .build()
}

/// An envelope that was taken apart, and of which nothing is believed yet.
pub(super) struct Envelope(CoseSign1);

impl Envelope {
    /// Takes it apart. Bytes that say the same in another way than we write it are refused:
    /// there is one form of each envelope.
    pub(super) fn open(bytes: &[u8]) -> Option<Self> {
        let message = CoseSign1::from_tagged_slice(bytes).ok()?;
        let again: Result<Vec<u8>, CoseError> = message.clone().to_tagged_vec();
        let is_plain = message.unprotected.is_empty() && message.payload.is_some();
        (is_plain && again.is_ok_and(|again| again == bytes)).then_some(Self(message))
    }

    /// Whether it says of itself that it is an order.
    pub(super) fn is_order(&self) -> bool {
        let kind = &self.0.protected.header.content_type;
        matches!(kind, Some(ContentType::Text(text)) if text == CONTENT)
    }

    /// Who it says has signed it.
    pub(super) fn key_id(&self) -> &[u8] {
        &self.0.protected.header.key_id
    }

    /// Whether its header says what ours do, and nothing else.
    pub(super) fn has_our_algorithm(&self) -> bool {
        let ours = RegisteredLabelWithPrivate::Assigned(Algorithm::EdDSA);
        self.0.protected.header.alg.as_ref() == Some(&ours)
    }

    /// Whether the header has nothing that we would not have written.
    pub(super) fn is_understood(&self, key: &OrderPublicKey) -> bool {
        self.0.protected.header == header(key)
    }

    /// The claims, if this key has signed them.
    pub(super) fn claims(&self, key: &OrderPublicKey) -> Option<&[u8]> {
        let verified = self.0.verify_signature(CONTEXT, |signature, bytes| {
            if key.has_signed(bytes, signature) { Ok(()) } else { Err(()) }
        });
        verified.ok()?;
        self.0.payload.as_deref()
    }
}
