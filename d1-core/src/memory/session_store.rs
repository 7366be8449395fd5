//! A [`SessionStore`] in memory: whoever was signed in signs in again after a restart.

use crate::{Digest, Record, RecordKind, SessionError, SessionStore, Timestamp, UserId};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A [`SessionStore`] in memory.
#[derive(Debug, Default)]
pub struct MemorySessionStore(Mutex<Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    records: BTreeMap<(RecordKind, Digest), Record>,
    /// From each name, and from each key, to the key.
    names: HashMap<(RecordKind, Digest), Digest>,
}

impl MemorySessionStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No method leaves the shelf half changed, so that of a thread that panicked is fine.
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl SessionStore for MemorySessionStore {
    async fn create(&self, record: &Record, now: Timestamp) -> Result<(), SessionError> {
        if !record.fits() {
            return Err(SessionError::TooLarge);
        }
        let mut shelf = self.shelf();
        shelf.sweep(now);
        let kind = record.kind;
        let names: Vec<Digest> = record.names.iter().copied().chain([record.key]).collect();
        if names.iter().any(|name| shelf.names.contains_key(&(kind, *name))) {
            return Err(SessionError::Taken);
        }
        shelf.names.extend(names.into_iter().map(|name| ((kind, name), record.key)));
        shelf.records.insert((kind, record.key), Record { version: 1, ..record.clone() });
        Ok(())
    }

    async fn find(
        &self,
        kind: RecordKind,
        name: &Digest,
        now: Timestamp,
    ) -> Result<Option<Record>, SessionError> {
        let shelf = self.shelf();
        let key = shelf.names.get(&(kind, *name));
        let record = key.and_then(|key| shelf.records.get(&(kind, *key)));
        Ok(record.filter(|record| record.ends > now).cloned())
    }

    async fn save(&self, record: &Record, now: Timestamp) -> Result<u64, SessionError> {
        if !record.fits() {
            return Err(SessionError::TooLarge);
        }
        let mut shelf = self.shelf();
        let kept = shelf.records.get_mut(&(record.kind, record.key));
        let kept = kept.filter(|kept| kept.version == record.version && kept.ends > now);
        let kept = kept.ok_or(SessionError::Stale)?;
        (kept.owner, kept.ends, kept.body) = (record.owner, record.ends, record.body.clone());
        kept.version += 1;
        Ok(kept.version)
    }

    async fn remove(&self, kind: RecordKind, key: &Digest) -> Result<(), SessionError> {
        self.shelf().remove(kind, *key);
        Ok(())
    }

    async fn owned(
        &self,
        kind: RecordKind,
        owner: UserId,
        now: Timestamp,
    ) -> Result<Vec<Record>, SessionError> {
        let shelf = self.shelf();
        let theirs = shelf.records.values().filter(|record| {
            record.kind == kind && record.owner == Some(owner) && record.ends > now
        });
        Ok(theirs.take(Record::MAX_LISTED).cloned().collect())
    }
}

impl Shelf {
    fn sweep(&mut self, now: Timestamp) {
        let ended = self.records.iter().filter(|(_, record)| record.ends <= now);
        let ended: Vec<_> = ended.map(|(key, _)| *key).collect();
        for (kind, key) in ended {
            self.remove(kind, key);
        }
    }

    fn remove(&mut self, kind: RecordKind, key: Digest) {
        if let Some(record) = self.records.remove(&(kind, key)) {
            for name in record.names.into_iter().chain([key]) {
                self.names.remove(&(kind, name));
            }
        }
    }
}
