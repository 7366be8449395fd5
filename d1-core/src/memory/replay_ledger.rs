//! A [`ReplayLedger`] in memory, for devices that are gone with their process.

use crate::{Digest, ReplayLedger, ReplayLedgerError, Timestamp};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// A [`ReplayLedger`] in memory.
#[derive(Debug, Default)]
pub struct MemoryReplayLedger(Mutex<HashMap<Digest, Timestamp>>);

impl MemoryReplayLedger {
    /// One that remembers nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait::async_trait]
impl ReplayLedger for MemoryReplayLedger {
    async fn take(
        &self,
        order: Digest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, ReplayLedgerError> {
        let mut heeded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heeded.retain(|_, until| *until >= now);
        if heeded.contains_key(&order) {
            return Ok(false);
        }
        heeded.insert(order, until);
        Ok(true)
    }
}
