//! An [`OrderTrustStore`] in memory, for devices that are gone with their process.

use crate::{OrderTrust, OrderTrustStore, OrderTrustStoreError};
use std::sync::{Mutex, PoisonError};

/// An [`OrderTrustStore`] in memory.
#[derive(Debug, Default)]
pub struct MemoryOrderTrustStore(Mutex<OrderTrust>);

impl MemoryOrderTrustStore {
    /// One that keeps no keys yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl OrderTrustStore for MemoryOrderTrustStore {
    fn load(&self) -> Result<OrderTrust, OrderTrustStoreError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn save(&self, trust: &OrderTrust) -> Result<(), OrderTrustStoreError> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = trust.clone();
        Ok(())
    }
}
