//! Somebody takes the identity of a device back.

use super::{
    core::{Enrolments, about, whoever},
    error::EnrolError,
};
use d1_core::{AccountId, AuditKind, DeviceId, EnrolmentStage, UserId};

impl Enrolments {
    /// Takes the identity of an account's device back: its certificates are no good from this
    /// moment on, wherever they are shown. False when the account has no such device.
    pub async fn revoke(
        &self,
        account: AccountId,
        device: DeviceId,
        by: Option<UserId>,
    ) -> Result<bool, EnrolError> {
        let kept = self.0.store.find(device).await?.filter(|kept| kept.account == account);
        let Some(kept) = kept else { return Ok(false) };
        if kept.stage != EnrolmentStage::Revoked {
            self.note(about(AuditKind::DeviceRevoked, &kept).about("by", whoever(by))).await?;
            self.put(device, EnrolmentStage::Revoked).await?;
        }
        Ok(true)
    }
}
