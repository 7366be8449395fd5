//! Whether a device that shows a certificate may link.

use super::{core::Enrolments, error::EnrolError};
use crate::identity::authority::DeviceCertificate;
use d1_core::{Enrolment, EnrolmentStoreError, Shown};

impl Enrolments {
    /// Lets a device link that shows its certificate, verified by the caller. The first time
    /// that its newest one is seen, the one before is over. Who shows one that was replaced
    /// locks the device.
    pub async fn admit(&self, shown: &DeviceCertificate) -> Result<(), EnrolError> {
        if self.0.clock.now() >= shown.ends {
            return Err(EnrolError::TooLate);
        }
        let kept = self.on_record(shown).await?;
        match kept.standing(shown.generation, shown.digest) {
            Shown::Current => self.seen(kept).await,
            Shown::Previous => Ok(()),
            Shown::Copied => {
                self.lock(&kept, shown.generation).await?;
                Err(EnrolError::Shown(Shown::Copied))
            }
            standing @ (Shown::Unknown | Shown::Locked | Shown::Revoked) => {
                Err(EnrolError::Shown(standing))
            }
        }
    }

    /// The device has its newest certificate.
    async fn seen(&self, kept: Enrolment) -> Result<(), EnrolError> {
        if kept.previous.is_none() {
            return Ok(());
        }
        match self.0.store.save(&Enrolment { previous: None, ..kept }).await {
            // Somebody else saw it, too, or the device changes: the next link tells.
            Ok(_) | Err(EnrolmentStoreError::Stale) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
