//! All keys of the moment, read from where they are kept and rotated when due.
//!
//! 1. The ring is read again when what is known is older than [`RELOAD`], so that a key that
//!    another server withdrew is unknown here soon after.
//! 2. When a stage is over, whoever notices first saves the next ring; the others read it.
//! 3. Where it cannot be read, nothing is signed and nothing is verified.

use super::{
    key::{LiveKey, fresh},
    rotation::{TOKENS, When, advance},
};
use d1_core::{Clock, KeyRing, KeyStage, KeyStore, KeyStoreError, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use std::{error::Error, fmt, sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// How old what is known of the keys may be.
const RELOAD: Duration = Duration::from_secs(30);
/// How old it may be when a token names a key that is not known.
const RELOAD_FOR_UNKNOWN: Duration = Duration::from_secs(1);
/// How often a ring is read again because another server changed it.
const ATTEMPTS: usize = 5;

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
pub struct Keys {
    store: Arc<dyn KeyStore>,
    clock: Arc<dyn Clock>,
    known: Arc<Mutex<Option<Known>>>,
}

#[derive(Clone, Debug)]
struct Known {
    at: Timestamp,
    ring: Arc<LiveRing>,
}

/// Every key of the moment.
pub(in crate::identity) struct LiveRing(Vec<LiveKey>);

impl Keys {
    /// Keys as they are kept in `store`; the first are made when there are none.
    #[must_use]
    pub fn new(store: Arc<dyn KeyStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, known: Arc::default() }
    }

    /// Each key's name and stage, the one that signs among them.
    pub async fn list(&self) -> Result<Vec<(String, KeyStage)>, KeyError> {
        let ring = self.ring().await?;
        Ok(ring.0.iter().map(|key| (key.id.clone(), key.stage)).collect())
    }

    /// Lets the next key sign from now on; what the last one signed stays good until it ends.
    pub async fn rotate(&self) -> Result<(), KeyError> {
        self.change(|ring, now| advance(ring, now, When::Now, TOKENS, |stage| fresh(stage, now)))
            .await
    }

    /// Forgets a key, and with it everything that it signed: for one that got out.
    pub async fn withdraw(&self, id: &str) -> Result<(), KeyError> {
        self.change(|ring, now| {
            let mut left = ring.clone();
            left.keys.retain(|key| key.id != id);
            if left.keys.len() == ring.keys.len() {
                return Err(KeyError::Unknown(id.to_owned()));
            }
            let filled = advance(&left, now, When::Due, TOKENS, |stage| fresh(stage, now))?;
            Ok(Some(filled.unwrap_or(left)))
        })
        .await
    }

    /// The public halves, as a JSON document (RFC 7517 §5).
    pub async fn jwks(&self) -> Result<String, KeyError> {
        let ring = self.ring().await?;
        let keys = ring.0.iter().map(|key| key.public.clone()).collect();
        serde_json::to_string(&JwkSet { keys }).map_err(KeyError::unusable)
    }

    /// The keys of the moment.
    pub(in crate::identity) async fn ring(&self) -> Result<Arc<LiveRing>, KeyError> {
        self.no_older_than(RELOAD).await
    }

    /// The keys, read again unless that was done this moment: a token names one that is new.
    pub(in crate::identity) async fn ring_for_unknown(&self) -> Result<Arc<LiveRing>, KeyError> {
        self.no_older_than(RELOAD_FOR_UNKNOWN).await
    }

    async fn no_older_than(&self, age: Duration) -> Result<Arc<LiveRing>, KeyError> {
        // Whoever comes while it is read waits for it, and does not read it once more.
        let mut known = self.known.lock().await;
        let now = self.clock.now();
        if let Some(known) = known.as_ref().filter(|known| now.since(known.at) < age) {
            return Ok(Arc::clone(&known.ring));
        }
        let kept = self
            .settle(|ring, now| advance(ring, now, When::Due, TOKENS, |stage| fresh(stage, now)));
        let ring = Arc::new(LiveRing::read(&kept.await?)?);
        *known = Some(Known { at: now, ring: Arc::clone(&ring) });
        Ok(ring)
    }

    async fn change(
        &self,
        next: impl Fn(&KeyRing, Timestamp) -> Result<Option<KeyRing>, KeyError>,
    ) -> Result<(), KeyError> {
        let mut known = self.known.lock().await;
        *known = None;
        self.settle(next).await.map(drop)
    }

    /// Saves what `next` makes of the kept ring, and reads again when somebody was faster.
    async fn settle(
        &self,
        next: impl Fn(&KeyRing, Timestamp) -> Result<Option<KeyRing>, KeyError>,
    ) -> Result<KeyRing, KeyError> {
        for _ in 0..ATTEMPTS {
            let kept = self.store.load().await?;
            let Some(changed) = next(&kept, self.clock.now())? else { return Ok(kept) };
            match self.store.save(&changed).await {
                Ok(version) => return Ok(KeyRing { version, ..changed }),
                Err(KeyStoreError::Stale) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(KeyStoreError::Stale.into())
    }
}

impl LiveRing {
    fn read(kept: &KeyRing) -> Result<Self, KeyError> {
        kept.keys.iter().map(LiveKey::read).collect::<Result<_, _>>().map(Self)
    }

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
