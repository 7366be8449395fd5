//! The store of sign-ins, with its records read and written as what they are of.

use super::{
    records::{Detour, Grant, PersonalToken, Session, Visit},
    refusal::SignInError,
};
use d1_core::{
    Clock, Digest, Record, RecordKind, SessionError, SessionId, SessionStore, Timestamp, UserId,
};
use serde::{Serialize, de::DeserializeOwned};
use std::{sync::Arc, time::Duration};

/// How often a change is tried again because somebody else was faster.
const ATTEMPTS: usize = 64;
/// How long a grant is remembered after it expired: so that it can be told, and so that a
/// code that is shown again is known to have been used.
const REMEMBERED: Duration = Duration::from_secs(600);

/// What is kept as a record.
pub(super) trait Kept: Clone + PartialEq + Serialize + DeserializeOwned {
    const KIND: RecordKind;
    /// Whose it is.
    fn owner(&self) -> Option<UserId>;
    /// From when on it is not there.
    fn ends(&self) -> Timestamp;
}

impl Kept for Grant {
    const KIND: RecordKind = RecordKind::Grant;
    fn owner(&self) -> Option<UserId> {
        None
    }
    fn ends(&self) -> Timestamp {
        self.expires.after(REMEMBERED)
    }
}

impl Kept for Session {
    const KIND: RecordKind = RecordKind::Session;
    fn owner(&self) -> Option<UserId> {
        Some(self.user)
    }
    fn ends(&self) -> Timestamp {
        Self::ends(self)
    }
}

impl Kept for PersonalToken {
    const KIND: RecordKind = RecordKind::PersonalToken;
    fn owner(&self) -> Option<UserId> {
        Some(self.user)
    }
    fn ends(&self) -> Timestamp {
        self.ends
    }
}

impl Kept for Visit {
    const KIND: RecordKind = RecordKind::Visit;
    fn owner(&self) -> Option<UserId> {
        Some(self.user)
    }
    fn ends(&self) -> Timestamp {
        Self::ends(self)
    }
}

impl Kept for Detour {
    const KIND: RecordKind = RecordKind::Detour;
    fn owner(&self) -> Option<UserId> {
        None
    }
    fn ends(&self) -> Timestamp {
        self.ends
    }
}

/// The store of sign-ins.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    pub(super) store: Arc<dyn SessionStore>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Shelf {
    /// Keeps something new; `false` when its key or a name is taken.
    pub(super) async fn create<T: Kept>(
        &self,
        key: Digest,
        names: Vec<Digest>,
        value: &T,
    ) -> Result<bool, SignInError> {
        let (owner, ends) = (value.owner(), value.ends());
        let body = serde_json::to_string(value)?;
        let record = Record { kind: T::KIND, key, names, owner, ends, version: 1, body };
        match self.store.create(&record, self.clock.now()).await {
            Ok(()) => Ok(true),
            Err(SessionError::Taken) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// What has this key or name.
    pub(super) async fn find<T: Kept>(&self, name: Digest) -> Result<Option<T>, SignInError> {
        let record = self.store.find(T::KIND, &name, self.clock.now()).await?;
        Ok(record.map(|record| serde_json::from_str(&record.body)).transpose()?)
    }

    /// Changes what has this key or name by one conditional update, and tells what `change`
    /// answered to the version that was changed. `None` when it is not there.
    pub(super) async fn update<T: Kept, A>(
        &self,
        name: Digest,
        mut change: impl FnMut(&mut T, Timestamp) -> A,
    ) -> Result<Option<A>, SignInError> {
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            let Some(mut record) = self.store.find(T::KIND, &name, now).await? else {
                return Ok(None);
            };
            let before: T = serde_json::from_str(&record.body)?;
            let mut value = before.clone();
            let answer = change(&mut value, now);
            if value == before {
                return Ok(Some(answer));
            }
            (record.owner, record.ends) = (value.owner(), value.ends());
            record.body = serde_json::to_string(&value)?;
            match self.store.save(&record, now).await {
                Ok(_) => return Ok(Some(answer)),
                Err(SessionError::Stale) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(SessionError::Stale.into())
    }

    /// Forgets what has this key.
    pub(super) async fn remove<T: Kept>(&self, key: Digest) -> Result<(), SignInError> {
        Ok(self.store.remove(T::KIND, &key).await?)
    }

    /// What is kept of somebody, and the key of each.
    pub(super) async fn owned<T: Kept>(
        &self,
        owner: UserId,
    ) -> Result<Vec<(Digest, T)>, SignInError> {
        let records = self.store.owned(T::KIND, owner, self.clock.now()).await?;
        let read = |record: Record| Ok((record.key, serde_json::from_str(&record.body)?));
        records.into_iter().map(read).collect()
    }
}

/// What a session or a personal token is found by beside its secret.
pub(super) fn name_of(id: SessionId) -> Digest {
    Digest::of(format!("id {id}").as_bytes())
}
