//! A device gets its next certificate: with the last one, or, when it slept until that was
//! over, with the key that it keeps.

use super::{
    core::{Enrolments, Papers, about},
    error::EnrolError,
};
use crate::identity::authority::{CertificateRequest, DeviceCertificate, verify_bound};
use d1_core::{AuditKind, DeviceId, Digest, Enrolment, Renewal, Shown, recovery_proof};
use std::time::Duration;

/// For how long after its certificate was over a device recovers by itself.
pub const RECOVER_WITHIN: Duration = Duration::from_secs(30 * 86_400);
/// How often a device recovers without having renewed in between: then somebody should look.
pub const MAX_RECOVERIES: u32 = 5;

/// What a device says that slept until its certificate was over.
#[derive(Clone, Copy, Debug)]
pub struct RecoverAsk<'a> {
    /// Which device it is.
    pub device: DeviceId,
    /// The generation of its last certificate.
    pub generation: u64,
    /// The request for the next one, as DER.
    pub request: &'a [u8],
    /// Its signature of [`recovery_proof`] by the key that it keeps.
    pub proof: &'a [u8],
}

impl Enrolments {
    /// Gives the next certificate to whoever shows the last one, verified by the caller. Who
    /// shows one that was replaced locks the device.
    pub async fn renew(
        &self,
        shown: &DeviceCertificate,
        request: &[u8],
    ) -> Result<Papers, EnrolError> {
        let request = CertificateRequest::read(request).map_err(EnrolError::Invalid)?;
        let kept = self.on_record(shown).await?;
        match kept.renewal(shown.generation, shown.digest, request.key()) {
            Renewal::Again => self.papers(&kept).await,
            Renewal::Refused(Shown::Copied) => {
                self.lock(&kept, shown.generation).await?;
                Err(EnrolError::Shown(Shown::Copied))
            }
            Renewal::Refused(shown) => Err(EnrolError::Shown(shown)),
            Renewal::Next(generation) => {
                let next = self.next(&kept, &request, generation).await?;
                self.keep(Enrolment { recoveries: 0, ..next }).await
            }
        }
    }

    /// Gives the next certificate to whoever has the bound key, if the last one is over for
    /// less than [`RECOVER_WITHIN`]. Who tells of a generation that was replaced locks the
    /// device.
    pub async fn recover(&self, ask: RecoverAsk<'_>) -> Result<Papers, EnrolError> {
        let request = CertificateRequest::read(ask.request).map_err(EnrolError::Invalid)?;
        let kept = self.0.store.find(ask.device).await?;
        // Whoever has not got the key is told nothing of the device.
        let kept = kept.ok_or(EnrolError::Refused)?;
        let said = recovery_proof(ask.device, ask.generation, ask.request);
        verify_bound(&kept.bound_key, &said, ask.proof).map_err(|_| EnrolError::Refused)?;
        match kept.recovery(ask.generation, request.key()) {
            Renewal::Again => self.papers(&kept).await,
            Renewal::Refused(Shown::Copied) => {
                self.lock(&kept, ask.generation).await?;
                Err(EnrolError::Shown(Shown::Copied))
            }
            Renewal::Refused(shown) => Err(EnrolError::Shown(shown)),
            Renewal::Next(generation) => {
                let over = self.0.clock.now().since(kept.current.ends);
                if over > RECOVER_WITHIN || kept.recoveries >= MAX_RECOVERIES {
                    return Err(EnrolError::TooLate);
                }
                let next = self.next(&kept, &request, generation).await?;
                let next = Enrolment { recoveries: kept.recoveries + 1, ..next };
                let entry = about(AuditKind::DeviceEnrolled, &next);
                self.note(entry.about("recovery", next.recoveries)).await?;
                self.keep(next).await
            }
        }
    }

    /// The device that a certificate is of.
    pub(super) async fn on_record(
        &self,
        shown: &DeviceCertificate,
    ) -> Result<Enrolment, EnrolError> {
        let kept = self.0.store.find(shown.device).await?;
        let kept = kept.filter(|kept| kept.account == shown.account);
        kept.ok_or(EnrolError::Shown(Shown::Unknown))
    }

    async fn next(
        &self,
        kept: &Enrolment,
        request: &CertificateRequest,
        generation: u64,
    ) -> Result<Enrolment, EnrolError> {
        let current = self.sign(request, (kept.account, kept.device), generation).await?;
        let previous = Some(Digest::of(&kept.current.certificate));
        Ok(Enrolment { current, previous, ..kept.clone() })
    }

    async fn keep(&self, next: Enrolment) -> Result<Papers, EnrolError> {
        let version = self.0.store.save(&next).await?;
        self.papers(&Enrolment { version, ..next }).await
    }
}
