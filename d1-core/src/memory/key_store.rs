//! A [`KeyStore`] in memory: every start makes new keys, and ends what the old ones signed.

use crate::{KeyRing, KeyStore, KeyStoreError};
use std::sync::{Mutex, PoisonError};

/// A [`KeyStore`] in memory.
#[derive(Debug, Default)]
pub struct MemoryKeyStore(Mutex<KeyRing>);

impl MemoryKeyStore {
    /// One without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait::async_trait]
impl KeyStore for MemoryKeyStore {
    async fn load(&self) -> Result<KeyRing, KeyStoreError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    async fn save(&self, ring: &KeyRing) -> Result<u64, KeyStoreError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.version != ring.version {
            return Err(KeyStoreError::Stale);
        }
        *kept = KeyRing { version: ring.version + 1, keys: ring.keys.clone() };
        Ok(kept.version)
    }
}
