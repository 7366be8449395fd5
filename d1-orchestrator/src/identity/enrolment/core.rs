//! What enrolling works with, and what a device is given.

use super::error::EnrolError;
use crate::identity::authority::{Authorities, CertificateRequest, DeviceCertificate};
use d1_core::{
    AccountId, AuditEntry, AuditKind, AuditLog, Clock, DeviceId, Directory, Enrolment,
    EnrolmentStage, EnrolmentStore, EnrolmentStoreError, Issued, Timestamp, UserId,
};
use std::{sync::Arc, time::Duration};

/// How often a device is read again because somebody else changed it.
const ATTEMPTS: usize = 5;

/// What enrolling works with.
#[derive(Clone, Debug)]
pub struct EnrolmentParts {
    /// Where enrolments are kept.
    pub store: Arc<dyn EnrolmentStore>,
    /// Whose each device is.
    pub directory: Arc<dyn Directory>,
    /// Who signs.
    pub authorities: Authorities,
    /// What is written down of it.
    pub audit: Arc<dyn AuditLog>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// How long a certificate of a device is good.
    pub life: Duration,
}

/// Lets devices enrol, renew and recover, and shuts them out. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Enrolments(pub(super) Arc<EnrolmentParts>);

/// What a device is given: its certificate, and whom it may trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Papers {
    /// Which device it is.
    pub device: DeviceId,
    /// Whose it is.
    pub account: AccountId,
    /// The how-manieth certificate it is.
    pub generation: u64,
    /// The certificate, as DER.
    pub certificate: Vec<u8>,
    /// The certificates of the authorities by which servers are known, as DER.
    pub authorities: Vec<Vec<u8>>,
    /// Until when the certificate is good.
    pub ends: Timestamp,
}

impl Enrolments {
    /// Enrolling, with these parts.
    #[must_use]
    pub fn new(parts: EnrolmentParts) -> Self {
        Self(Arc::new(parts))
    }

    /// The devices of an account that enrolled, by id, after `after`, at most `limit`.
    pub async fn list(
        &self,
        account: AccountId,
        after: Option<DeviceId>,
        limit: usize,
    ) -> Result<Vec<Enrolment>, EnrolError> {
        Ok(self.0.store.list(account, after, limit).await?)
    }

    /// Whether a device has enrolled, and is known by its certificate alone.
    pub async fn knows(&self, device: DeviceId) -> Result<bool, EnrolError> {
        Ok(self.0.store.find(device).await?.is_some())
    }

    /// Devices that were locked or revoked at `since` or later.
    pub async fn shut_out(&self, since: Timestamp) -> Result<Vec<DeviceId>, EnrolError> {
        Ok(self.0.store.shut_out(since).await?)
    }

    pub(super) async fn sign(
        &self,
        request: &CertificateRequest,
        (account, device): (AccountId, DeviceId),
        generation: u64,
    ) -> Result<Issued, EnrolError> {
        let bundle = self.0.authorities.bundle().await?;
        let key = request.key().to_string();
        if bundle.list().iter().any(|(id, _)| *id == key) {
            return Err(EnrolError::Invalid("the key is an authority's; make a new one"));
        }
        let names = DeviceCertificate::name(account, device, generation);
        let times = (self.0.clock.now(), self.0.life);
        Ok(bundle.active()?.sign_device(request, &names, generation, times)?)
    }

    pub(super) async fn papers(&self, kept: &Enrolment) -> Result<Papers, EnrolError> {
        Ok(Papers {
            device: kept.device,
            account: kept.account,
            generation: kept.current.generation,
            certificate: kept.current.certificate.clone(),
            authorities: self.0.authorities.bundle().await?.for_devices(),
            ends: kept.current.ends,
        })
    }

    /// Writes down what is about to be done. What cannot be written is not done.
    pub(super) async fn note(&self, entry: AuditEntry) -> Result<(), EnrolError> {
        self.0.audit.append(entry, self.0.clock.now()).await?;
        Ok(())
    }

    /// Brings a device into another stage, whoever else changes it; gives it back as it is
    /// then, or nothing when there is none.
    pub(super) async fn put(
        &self,
        device: DeviceId,
        stage: EnrolmentStage,
    ) -> Result<Option<Enrolment>, EnrolError> {
        for _ in 0..ATTEMPTS {
            let Some(mut kept) = self.0.store.find(device).await? else { return Ok(None) };
            // Revoked is for good, and what is so already stays as it is.
            if kept.stage == stage || kept.stage == EnrolmentStage::Revoked {
                return Ok(Some(kept));
            }
            (kept.stage, kept.since) = (stage, self.0.clock.now());
            match self.0.store.save(&kept).await {
                Ok(version) => return Ok(Some(Enrolment { version, ..kept })),
                Err(EnrolmentStoreError::Stale) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(EnrolError::Busy)
    }

    /// Locks a device whose identity was seen twice. It is locked even when that cannot be
    /// written down: to shut out is what is safe.
    pub(super) async fn lock(&self, kept: &Enrolment, shown: u64) -> Result<(), EnrolError> {
        let entry = about(AuditKind::DeviceLocked, kept)
            .about("shown_generation", shown)
            .about("why", "a certificate that was replaced came back");
        self.put(kept.device, EnrolmentStage::Locked).await?;
        if let Err(error) = self.note(entry).await {
            tracing::error!(device = %kept.device, %error, "a device is locked, and the audit log does not say so");
        }
        Ok(())
    }
}

/// Who did something; nobody stands behind the development token, and the operator is not known.
pub(super) fn whoever(by: Option<UserId>) -> String {
    by.map_or_else(|| "the operator or the development token".to_owned(), |by| by.to_string())
}

pub(super) fn about(kind: AuditKind, kept: &Enrolment) -> AuditEntry {
    AuditEntry::new(kind)
        .about("device", kept.device)
        .about("account", kept.account)
        .about("generation", kept.current.generation)
        .about("serial", &kept.current.serial)
}
