//! Whether a grant covers a step: a pure function of the bytes that came and of what the device
//! knows.

use super::{GrantRefusal, PlanGrant, SealedGrant, UserTrust, noun::GRANT};
use crate::{DeviceId, Digest, SetupId, TaskCommand, Timestamp, cose::Envelope};
use std::time::Duration;

/// By how much the clocks of a device and of whoever signs may differ.
const TOLERANCE: Duration = Duration::from_secs(2 * 60);

/// What a grant has to cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantExpected {
    /// Which device this is.
    pub device: DeviceId,
    /// The setup that is ordered.
    pub setup: SetupId,
    /// The plan, by its digest.
    pub plan: Digest,
    /// The step that is ordered, by the digest of what came.
    pub step: Digest,
    /// What time it is here.
    pub now: Timestamp,
}

impl GrantExpected {
    /// What a grant has to cover for this to begin.
    #[must_use]
    pub fn of(command: &TaskCommand, device: DeviceId, now: Timestamp) -> Self {
        let TaskCommand { setup, plan, step, .. } = command;
        Self { device, setup: *setup, plan: *plan, step: step.digest(), now }
    }
}

/// The grant, if it covers what is expected.
///
/// Whether it was used before is known to the [`ReplayLedger`](crate::ReplayLedger), which is
/// asked after this.
pub fn verify_grant(
    sealed: Option<&SealedGrant>,
    expected: &GrantExpected,
    trust: &UserTrust,
) -> Result<PlanGrant, GrantRefusal> {
    let bytes = sealed.ok_or(GrantRefusal::Missing)?.as_bytes();
    let envelope = Envelope::open(bytes).ok_or(GrantRefusal::Malformed)?;
    if !envelope.is(&GRANT) {
        return Err(GrantRefusal::WrongType);
    }
    let key = trust.find(envelope.key_id())?;
    if !envelope.has_our_algorithm() || !envelope.is_understood(&GRANT, key.as_bytes()) {
        return Err(GrantRefusal::Malformed);
    }
    let signed = |bytes: &[u8], signature: &[u8]| key.has_signed(bytes, signature);
    let claims = envelope.claims(&GRANT, signed).ok_or(GrantRefusal::BadSignature)?;
    let grant = PlanGrant::read(claims).ok_or(GrantRefusal::Malformed)?;
    covers(&grant, expected)?;
    is_timely(&grant, expected.now)?;
    Ok(grant)
}

fn covers(grant: &PlanGrant, expected: &GrantExpected) -> Result<(), GrantRefusal> {
    if grant.device != expected.device {
        return Err(GrantRefusal::OtherDevice(grant.device));
    }
    if grant.setup != expected.setup {
        return Err(GrantRefusal::OtherSetup(grant.setup));
    }
    if grant.plan != expected.plan {
        return Err(GrantRefusal::OtherPlan);
    }
    if !grant.steps.contains(&expected.step) {
        return Err(GrantRefusal::OtherStep);
    }
    Ok(())
}

fn is_timely(grant: &PlanGrant, now: Timestamp) -> Result<(), GrantRefusal> {
    if grant.expires > grant.issued_at.after(PlanGrant::LIFE) {
        return Err(GrantRefusal::TooLong);
    }
    if now.after(TOLERANCE) < grant.issued_at {
        return Err(GrantRefusal::FromTheFuture { early: grant.issued_at.since(now) });
    }
    if now > grant.expires.after(TOLERANCE) {
        return Err(GrantRefusal::Expired { late: now.since(grant.expires) });
    }
    Ok(())
}
