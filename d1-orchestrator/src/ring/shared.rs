//! A ring as it is kept, read again when it is old, and rotated when due.
//!
//! 1. What is known is read again when it is older than [`RELOAD`], so that a key that another
//!    server withdrew is unknown here soon after.
//! 2. When a stage is over, whoever notices first saves the next ring; the others read it.
//! 3. Where it cannot be read, nothing is signed and nothing is verified.

use super::{Spans, When, advance};
use d1_core::{Clock, KeyRing, KeyStage, KeyStore, KeyStoreError, SigningKey, Timestamp};
use std::{fmt, sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// How old what is known of the keys may be.
pub(crate) const RELOAD: Duration = Duration::from_secs(30);
/// How often a ring is read again because another server changed it.
const ATTEMPTS: usize = 5;

/// What the keys of a ring are for.
pub(crate) trait Kind: 'static {
    /// The ring, ready to work with.
    type Live: Send + Sync;
    /// Why it is not.
    type Error: From<KeyStoreError> + Send;

    /// How long each stage takes.
    const SPANS: Spans;

    /// A new key.
    fn fresh(stage: KeyStage, now: Timestamp) -> Result<SigningKey, Self::Error>;
    /// Makes a ring ready that was kept; what is no key of this kind is refused.
    fn read(kept: &KeyRing) -> Result<Self::Live, Self::Error>;
    /// There is no key of this name.
    fn unknown(id: &str) -> Self::Error;
}

/// A ring that all servers share. Clones share what they know.
pub(crate) struct SharedRing<K: Kind> {
    store: Arc<dyn KeyStore>,
    clock: Arc<dyn Clock>,
    known: Arc<Mutex<Option<Known<K>>>>,
}

/// When it was read, and what was found.
type Known<K> = (Timestamp, Arc<<K as Kind>::Live>);

impl<K: Kind> SharedRing<K> {
    /// The ring that is kept in `store`, which keeps nothing else; the first keys are made when
    /// there are none.
    pub(crate) fn new(store: Arc<dyn KeyStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, known: Arc::default() }
    }

    /// The keys of the moment.
    pub(crate) async fn current(&self) -> Result<Arc<K::Live>, K::Error> {
        self.no_older_than(RELOAD).await
    }

    /// The keys, as they were at most `age` ago.
    pub(crate) async fn no_older_than(&self, age: Duration) -> Result<Arc<K::Live>, K::Error> {
        // Whoever comes while it is read waits for it, and does not read it once more.
        let mut known = self.known.lock().await;
        let now = self.clock.now();
        if let Some((_, live)) = known.as_ref().filter(|(at, _)| now.since(*at) < age) {
            return Ok(Arc::clone(live));
        }
        let due = self.settle(|ring, now| turned::<K>(ring, now, When::Due));
        let live = Arc::new(K::read(&due.await?)?);
        *known = Some((now, Arc::clone(&live)));
        Ok(live)
    }

    /// Lets the next key sign from now on, if `may` says so; what the last one signed stays good
    /// until it ends.
    pub(crate) async fn rotate(
        &self,
        may: impl Fn(&KeyRing, Timestamp) -> Result<(), K::Error> + Send + Sync,
    ) -> Result<(), K::Error> {
        self.change(|ring, now| {
            may(ring, now)?;
            turned::<K>(ring, now, When::Now)
        })
        .await
    }

    /// Forgets a key, and with it everything that it signed.
    pub(crate) async fn withdraw(&self, id: &str) -> Result<(), K::Error> {
        self.change(|ring, now| {
            let mut left = ring.clone();
            left.keys.retain(|key| key.id != id);
            if left.keys.len() == ring.keys.len() {
                return Err(K::unknown(id));
            }
            Ok(Some(turned::<K>(&left, now, When::Due)?.unwrap_or(left)))
        })
        .await
    }

    async fn change(
        &self,
        next: impl Fn(&KeyRing, Timestamp) -> Result<Option<KeyRing>, K::Error> + Send + Sync,
    ) -> Result<(), K::Error> {
        let mut known = self.known.lock().await;
        *known = None;
        self.settle(next).await.map(drop)
    }

    /// Saves what `next` makes of the kept ring, and reads again when somebody was faster.
    async fn settle(
        &self,
        next: impl Fn(&KeyRing, Timestamp) -> Result<Option<KeyRing>, K::Error> + Send + Sync,
    ) -> Result<KeyRing, K::Error> {
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

fn turned<K: Kind>(
    ring: &KeyRing,
    now: Timestamp,
    when: When,
) -> Result<Option<KeyRing>, K::Error> {
    advance(ring, now, when, K::SPANS, |stage| K::fresh(stage, now))
}

impl<K: Kind> Clone for SharedRing<K> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            known: Arc::clone(&self.known),
        }
    }
}

/// What is known of the keys is not printed: some of it is secret.
impl<K: Kind> fmt::Debug for SharedRing<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedRing").field("store", &self.store).finish_non_exhaustive()
    }
}
