//! Which devices are linked by a certificate, and until when that is good.

use d1_core::{DeviceId, Timestamp};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Which devices came by a certificate, and until when it is good. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct CertifiedLinks(Arc<Mutex<HashMap<DeviceId, Timestamp>>>);

impl CertifiedLinks {
    /// A device has come.
    pub(crate) fn came(&self, device: DeviceId, ends: Timestamp) {
        self.all().insert(device, ends);
    }

    /// A device is not linked any more.
    pub(super) fn forget(&self, device: DeviceId) {
        self.all().remove(&device);
    }

    /// Whether a device that is linked came by a certificate.
    pub(crate) fn has(&self, device: DeviceId) -> bool {
        self.all().contains_key(&device)
    }

    /// Every device, and until when its certificate is good.
    pub(super) fn list(&self) -> Vec<(DeviceId, Timestamp)> {
        self.all().iter().map(|(device, ends)| (*device, *ends)).collect()
    }

    /// Nothing leaves it half changed, so that of a thread that panicked is fine.
    fn all(&self) -> MutexGuard<'_, HashMap<DeviceId, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
