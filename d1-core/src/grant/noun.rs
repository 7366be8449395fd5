//! The grant itself: what a person agrees to by signing it.

use super::{SealedGrant, UserKey};
use crate::{
    DeviceId, Digest, Plan, SetupId, Step, Timestamp,
    cose::{Form, seconds, time},
    ed25519::random,
};
use coset::{
    CborSerializable as _,
    cbor::value::Value,
    cwt::{ClaimName, ClaimsSet, ClaimsSetBuilder},
};
use std::time::Duration;

/// What a grant is, among the things that are signed.
pub(super) const GRANT: Form =
    Form { context: b"d1 grant v1", content: "application/d1-grant.v1+cwt" };
/// The claim that has the digest of the plan. Below -65536 names are private (RFC 8392 §9.1).
const PLAN: i64 = -70_011;
/// The claim that has the digests of its steps.
const STEPS: i64 = -70_012;
/// How many bytes name a grant.
const ID: usize = 16;

/// A person's yes to one plan of one setup on one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanGrant {
    /// What tells it from every other one.
    pub id: [u8; ID],
    /// Where it may run.
    pub device: DeviceId,
    /// As which setup.
    pub setup: SetupId,
    /// The plan, by its digest.
    pub plan: Digest,
    /// Its steps, by their digests; at most [`Plan::MAX_STEPS`].
    pub steps: Vec<Digest>,
    /// When it was signed; whole seconds.
    pub issued_at: Timestamp,
    /// Good for nothing after this; whole seconds.
    pub expires: Timestamp,
}

/// Why a grant cannot be signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GrantSealError {
    /// There is no name for it.
    #[error("no random number for a grant could be had: {0}; see that the system has some")]
    NoName(String),
    /// A time that the form does not have, or more steps than a plan has.
    #[error("a grant cannot be written: {0}; set the clock, and ask for fewer things at once")]
    Unwritable(String),
}

impl PlanGrant {
    /// The longest that one is good.
    pub const LIFE: Duration = Duration::from_secs(30 * 60);

    /// A yes to this plan, from now on for as long as any is good.
    pub fn of(
        plan: &Plan,
        setup: SetupId,
        device: DeviceId,
        now: Timestamp,
    ) -> Result<Self, GrantSealError> {
        let mut id = [0; ID];
        random(&mut id).map_err(GrantSealError::NoName)?;
        let issued_at = Timestamp(now.0 / 1_000 * 1_000);
        Ok(Self {
            id,
            device,
            setup,
            plan: plan.id(),
            steps: plan.steps.iter().map(Step::digest).collect(),
            issued_at,
            expires: issued_at.after(Self::LIFE),
        })
    }

    /// What names one use of it: this step, once.
    #[must_use]
    pub fn use_for(&self, step: Digest) -> Digest {
        Digest::of(&[GRANT.context, &self.id, step.as_bytes()].concat())
    }

    /// Signs it.
    pub fn seal(&self, key: &UserKey) -> Result<SealedGrant, GrantSealError> {
        let unwritable = GrantSealError::Unwritable;
        let claims = self.claims().map_err(unwritable)?;
        let sealed = GRANT.seal(key.public().as_bytes(), claims, |bytes| key.sign(bytes));
        let sealed = SealedGrant::new(sealed.map_err(unwritable)?);
        sealed.map_err(|error| unwritable(error.to_string()))
    }

    fn claims(&self) -> Result<ClaimsSet, String> {
        let bytes = |digest: &Digest| Value::Bytes(digest.as_bytes().to_vec());
        Ok(ClaimsSetBuilder::new()
            .audience(self.device.to_string())
            .subject(self.setup.to_string())
            .issued_at(seconds(self.issued_at)?)
            .expiration_time(seconds(self.expires)?)
            .cwt_id(self.id.to_vec())
            .private_claim(PLAN, bytes(&self.plan))
            .private_claim(STEPS, Value::Array(self.steps.iter().map(bytes).collect()))
            .build())
    }

    /// Reads the claims of a message whose signature was verified; `None` when they are of
    /// another form.
    pub(super) fn read(claims: &[u8]) -> Option<Self> {
        let claims = ClaimsSet::from_slice(claims).ok()?;
        let [plan, steps] = [PLAN, STEPS].map(|name| {
            let named = ClaimName::PrivateUse(name);
            claims.rest.iter().find(|(known, _)| *known == named).map(|(_, value)| value)
        });
        // What is not known here could be meant to restrict it.
        let knows_all =
            claims.rest.len() == 2 && claims.issuer.is_none() && claims.not_before.is_none();
        let steps = steps?.as_array().filter(|steps| steps.len() <= Plan::MAX_STEPS)?;
        let grant = Self {
            id: claims.cwt_id?.try_into().ok()?,
            device: claims.audience?.parse().ok()?,
            setup: claims.subject?.parse().ok()?,
            plan: digest(plan?)?,
            steps: steps.iter().map(digest).collect::<Option<_>>()?,
            issued_at: time(claims.issued_at?)?,
            expires: time(claims.expiration_time?)?,
        };
        knows_all.then_some(grant)
    }
}

fn digest(value: &Value) -> Option<Digest> {
    Some(Digest::from_bytes(value.as_bytes()?.as_slice().try_into().ok()?))
}
