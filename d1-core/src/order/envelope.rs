//! An order as it is signed: claims in a COSE_Sign1 message.

use super::{LinkChallenge, OrderKey};
use crate::{
    DeviceId, Timestamp,
    cose::{Form, seconds, time},
};
use coset::{
    CborSerializable as _,
    cbor::value::Value,
    cwt::{ClaimName, ClaimsSet, ClaimsSetBuilder},
};
use std::time::Duration;

/// What an order is, among the things that are signed.
pub(super) const ORDER: Form =
    Form { context: b"d1 order v1", content: "application/d1-order.v1+cwt" };
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
        let sealed = ORDER
            .seal(key.public().as_bytes(), claims, |bytes| key.sign(bytes))
            .map_err(unwritable)?;
        match sealed.len() {
            given if given > Self::MAX_BYTES => Err(OrderSealError::TooLarge { given }),
            _ => Ok(sealed),
        }
    }

    fn claims(&self) -> Result<ClaimsSet, String> {
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
