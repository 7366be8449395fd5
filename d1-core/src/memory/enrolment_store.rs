//! An [`EnrolmentStore`] in memory.

use crate::{
    AccountId, DeviceId, Digest, Enrolment, EnrolmentStage, EnrolmentStore, EnrolmentStoreError,
    EnrolmentToken, Timestamp,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// An [`EnrolmentStore`] in memory.
#[derive(Debug, Default)]
pub struct MemoryEnrolmentStore(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    tokens: BTreeMap<Digest, EnrolmentToken>,
    devices: BTreeMap<DeviceId, Enrolment>,
    keys: BTreeSet<Digest>,
}

impl MemoryEnrolmentStore {
    /// One without tokens and devices.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No method leaves the state half changed, so that of a thread that panicked is fine.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn version(&self, device: DeviceId) -> u64 {
        self.devices.get(&device).map_or(0, |kept| kept.version)
    }

    fn keep(&mut self, device: &Enrolment) -> u64 {
        let version = device.version + 1;
        self.devices.insert(device.device, Enrolment { version, ..device.clone() });
        version
    }
}

#[async_trait::async_trait]
impl EnrolmentStore for MemoryEnrolmentStore {
    async fn add_token(
        &self,
        token: &EnrolmentToken,
        now: Timestamp,
    ) -> Result<(), EnrolmentStoreError> {
        let mut state = self.state();
        state.tokens.retain(|_, kept| kept.ends > now);
        let open = state.tokens.values().filter(|kept| kept.account == token.account).count();
        if open >= EnrolmentToken::MOST {
            return Err(EnrolmentStoreError::TooManyTokens);
        }
        state.tokens.insert(token.secret, token.clone());
        Ok(())
    }

    async fn token(
        &self,
        secret: &Digest,
        now: Timestamp,
    ) -> Result<Option<EnrolmentToken>, EnrolmentStoreError> {
        Ok(self.state().tokens.get(secret).filter(|kept| kept.ends > now).cloned())
    }

    async fn tokens(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Vec<EnrolmentToken>, EnrolmentStoreError> {
        let state = self.state();
        let good = state.tokens.values().filter(|kept| kept.account == account && kept.ends > now);
        let mut good: Vec<_> = good.cloned().collect();
        good.sort_by_key(|kept| (kept.ends, kept.secret));
        Ok(good)
    }

    async fn drop_token(
        &self,
        account: AccountId,
        secret: &Digest,
    ) -> Result<bool, EnrolmentStoreError> {
        let mut state = self.state();
        let theirs = state.tokens.get(secret).is_some_and(|kept| kept.account == account);
        Ok(theirs && state.tokens.remove(secret).is_some())
    }

    async fn enrol(
        &self,
        secret: &Digest,
        device: &Enrolment,
        now: Timestamp,
    ) -> Result<u64, EnrolmentStoreError> {
        let mut state = self.state();
        if state.tokens.get(secret).is_none_or(|kept| kept.ends <= now) {
            return Err(EnrolmentStoreError::NoToken);
        }
        if state.version(device.device) != device.version {
            return Err(EnrolmentStoreError::Stale);
        }
        let [bound, current] = device.keys();
        if bound == current || state.keys.contains(&bound) || state.keys.contains(&current) {
            return Err(EnrolmentStoreError::KeySeen);
        }
        state.keys.extend([bound, current]);
        state.tokens.remove(secret);
        Ok(state.keep(device))
    }

    async fn find(&self, device: DeviceId) -> Result<Option<Enrolment>, EnrolmentStoreError> {
        Ok(self.state().devices.get(&device).cloned())
    }

    async fn save(&self, device: &Enrolment) -> Result<u64, EnrolmentStoreError> {
        let mut state = self.state();
        let kept = state.devices.get(&device.device);
        let kept = kept.filter(|kept| kept.version == device.version);
        let before = kept.ok_or(EnrolmentStoreError::Stale)?.current.key;
        let key = device.current.key;
        if key != before && !state.keys.insert(key) {
            return Err(EnrolmentStoreError::KeySeen);
        }
        Ok(state.keep(device))
    }

    async fn list(
        &self,
        account: AccountId,
        after: Option<DeviceId>,
        limit: usize,
    ) -> Result<Vec<Enrolment>, EnrolmentStoreError> {
        let state = self.state();
        let theirs = state.devices.values().filter(|kept| {
            kept.account == account && after.is_none_or(|after| kept.device > after)
        });
        Ok(theirs.take(limit).cloned().collect())
    }

    async fn shut_out(&self, since: Timestamp) -> Result<Vec<DeviceId>, EnrolmentStoreError> {
        let state = self.state();
        let shut = |kept: &&Enrolment| kept.stage != EnrolmentStage::Active && kept.since >= since;
        Ok(state.devices.values().filter(shut).map(|kept| kept.device).collect())
    }
}
