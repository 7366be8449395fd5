//! The keys of tokens, as all servers share them.

use super::key::{LiveKey, fresh};
use crate::ring::{Kind, SharedRing, Spans};
use d1_core::{Clock, KeyRing, KeyStage, KeyStore, KeyStoreError, SigningKey, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use std::{error::Error, fmt, sync::Arc, time::Duration};

/// How old what is known may be when a token names a key that is not known.
const RELOAD_FOR_UNKNOWN: Duration = Duration::from_secs(1);

/// Why there is no key to work with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// They cannot be read or saved.
    #[error(transparent)]
    Store(#[from] KeyStoreError),
    /// What is kept is not a key, or none can be made.
    #[error("a signing key cannot be used; withdraw it, and a new one is made")]
    Unusable(#[source] Box<dyn Error + Send + Sync>),
    /// No key of this name.
    #[error("there is no signing key `{0}`; list them first")]
    Unknown(String),
}

impl KeyError {
    pub(super) fn unusable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unusable(cause.into())
    }
}

/// The keys that tokens are signed with.
///
/// Cheap to clone; clones share what they know.
#[derive(Clone, Debug)]
pub struct Keys(SharedRing<Tokens>);

/// Every key of the moment.
pub(in crate::identity) struct LiveRing(Vec<LiveKey>);

/// The kind of ring that they are in.
struct Tokens;

impl Kind for Tokens {
    type Live = LiveRing;
    type Error = KeyError;

    /// What a key signed is verified for longer than any access token lives, and than a server
    /// takes to hear of the change.
    const SPANS: Spans =
        Spans { active: Duration::from_secs(30 * 86_400), retired: Duration::from_secs(15 * 60) };

    fn fresh(stage: KeyStage, now: Timestamp) -> Result<SigningKey, KeyError> {
        fresh(stage, now)
    }

    fn read(kept: &KeyRing) -> Result<LiveRing, KeyError> {
        kept.keys.iter().map(LiveKey::read).collect::<Result<_, _>>().map(LiveRing)
    }

    fn unknown(id: &str) -> KeyError {
        KeyError::Unknown(id.to_owned())
    }
}

impl Keys {
    /// Keys as they are kept in `store`; the first are made when there are none.
    #[must_use]
    pub fn new(store: Arc<dyn KeyStore>, clock: Arc<dyn Clock>) -> Self {
        Self(SharedRing::new(store, clock))
    }

    /// Each key's name and stage, the one that signs among them.
    pub async fn list(&self) -> Result<Vec<(String, KeyStage)>, KeyError> {
        let ring = self.ring().await?;
        Ok(ring.0.iter().map(|key| (key.id.clone(), key.stage)).collect())
    }

    /// Lets the next key sign from now on; what the last one signed stays good until it ends.
    pub async fn rotate(&self) -> Result<(), KeyError> {
        self.0.rotate(|_, _| Ok(())).await
    }

    /// Forgets a key, and with it everything that it signed: for one that got out.
    pub async fn withdraw(&self, id: &str) -> Result<(), KeyError> {
        self.0.withdraw(id).await
    }

    /// The public halves, as a JSON document (RFC 7517 §5).
    pub async fn jwks(&self) -> Result<String, KeyError> {
        let ring = self.ring().await?;
        let keys = ring.0.iter().map(|key| key.public.clone()).collect();
        serde_json::to_string(&JwkSet { keys }).map_err(KeyError::unusable)
    }

    /// The keys of the moment.
    pub(in crate::identity) async fn ring(&self) -> Result<Arc<LiveRing>, KeyError> {
        self.0.current().await
    }

    /// The keys, read again unless that was done this moment: a token names one that is new.
    pub(in crate::identity) async fn ring_for_unknown(&self) -> Result<Arc<LiveRing>, KeyError> {
        self.0.no_older_than(RELOAD_FOR_UNKNOWN).await
    }
}

impl LiveRing {
    /// The one that signs.
    pub(in crate::identity) fn active(&self) -> Option<&LiveKey> {
        self.0.iter().find(|key| key.stage == KeyStage::Active)
    }

    /// One by which something may have been signed: what is only published has signed nothing.
    pub(in crate::identity) fn that_signed(&self, id: &str) -> Option<&LiveKey> {
        self.0.iter().find(|key| key.id == id && key.stage != KeyStage::Next)
    }
}

impl fmt::Debug for LiveRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| (&key.id, key.stage))).finish()
    }
}
