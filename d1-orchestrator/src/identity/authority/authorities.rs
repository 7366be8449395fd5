//! All authorities of the moment, read from where they are kept and rotated when due.
//!
//! 1. What is known is read again when it is older than [`RELOAD`].
//! 2. When a stage is over, whoever notices first saves the next ring; the others read it.
//! 3. Where it cannot be read, nothing is signed.

use super::{error::AuthorityError, one::Authority};
use crate::identity::keys::{Spans, When, advance};
use d1_core::{Clock, KeyRing, KeyStage, KeyStore, KeyStoreError, Timestamp};
use std::{fmt, sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// How old what is known may be.
const RELOAD: Duration = Duration::from_secs(30);
/// How often a ring is read again because another server changed it.
const ATTEMPTS: usize = 5;
/// How long each stage takes. What one signed is good for a day, and every device asks for
/// more within that.
const SPANS: Spans =
    Spans { active: Duration::from_secs(90 * 86_400), retired: Duration::from_secs(2 * 86_400) };
/// How long the next one has to be published before it signs because somebody says so: every
/// device that is awake has renewed by then, and knows it.
const PUBLISHED_FOR: Duration = Duration::from_secs(86_400);

/// The authorities that sign the certificates of devices. Cheap to clone; clones share what
/// they know.
#[derive(Clone, Debug)]
pub struct Authorities {
    store: Arc<dyn KeyStore>,
    clock: Arc<dyn Clock>,
    known: Arc<Mutex<Option<Known>>>,
}

/// When they were read, and what was found.
type Known = (Timestamp, Arc<Bundle>);

/// Every authority of the moment.
pub struct Bundle {
    version: u64,
    all: Vec<Authority>,
}

impl Authorities {
    /// Authorities as they are kept in `store`, which keeps nothing else; the first are made
    /// when there are none.
    #[must_use]
    pub fn new(store: Arc<dyn KeyStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, known: Arc::default() }
    }

    /// The authorities of the moment.
    pub async fn bundle(&self) -> Result<Arc<Bundle>, AuthorityError> {
        // Whoever comes while it is read waits for it, and does not read it once more.
        let mut known = self.known.lock().await;
        let now = self.clock.now();
        if let Some((_, bundle)) = known.as_ref().filter(|(at, _)| now.since(*at) < RELOAD) {
            return Ok(Arc::clone(bundle));
        }
        let due =
            |ring: &KeyRing, now| advance(ring, now, When::Due, SPANS, |stage| fresh(stage, now));
        let bundle = Arc::new(Bundle::read(&self.settle(due).await?)?);
        *known = Some((now, Arc::clone(&bundle)));
        Ok(bundle)
    }

    /// Lets the next authority sign from now on; what the last one signed stays good until it
    /// ends. Refused until every device that is awake has heard of the next one.
    pub async fn rotate(&self) -> Result<(), AuthorityError> {
        self.change(|ring, now| {
            let next = ring.keys.iter().find(|key| key.stage == KeyStage::Next);
            let left =
                PUBLISHED_FOR.saturating_sub(next.map_or(PUBLISHED_FOR, |it| now.since(it.since)));
            if !left.is_zero() {
                return Err(AuthorityError::TooSoon { hours: left.as_secs().div_ceil(3_600) });
            }
            advance(ring, now, When::Now, SPANS, |stage| fresh(stage, now))
        })
        .await
    }

    /// Forgets an authority, and with it everything that it signed: for one that got out.
    /// Devices with a certificate of it recover, or enrol again.
    pub async fn withdraw(&self, id: &str) -> Result<(), AuthorityError> {
        self.change(|ring, now| {
            let mut left = ring.clone();
            left.keys.retain(|key| key.id != id);
            if left.keys.len() == ring.keys.len() {
                return Err(AuthorityError::Unknown(id.chars().take(64).collect()));
            }
            let filled = advance(&left, now, When::Due, SPANS, |stage| fresh(stage, now))?;
            Ok(Some(filled.unwrap_or(left)))
        })
        .await
    }

    async fn change(
        &self,
        next: impl Fn(&KeyRing, Timestamp) -> Result<Option<KeyRing>, AuthorityError>,
    ) -> Result<(), AuthorityError> {
        let mut known = self.known.lock().await;
        *known = None;
        self.settle(next).await.map(drop)
    }

    /// Saves what `next` makes of the kept ring, and reads again when somebody was faster.
    async fn settle(
        &self,
        next: impl Fn(&KeyRing, Timestamp) -> Result<Option<KeyRing>, AuthorityError>,
    ) -> Result<KeyRing, AuthorityError> {
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

fn fresh(stage: KeyStage, now: Timestamp) -> Result<d1_core::SigningKey, AuthorityError> {
    super::one::fresh(stage, now)
}

impl Bundle {
    fn read(kept: &KeyRing) -> Result<Self, AuthorityError> {
        let all = kept.keys.iter().map(Authority::read).collect::<Result<_, _>>()?;
        Ok(Self { version: kept.version, all })
    }

    /// Changes whenever an authority comes, goes, or reaches another stage.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The certificates that devices trust, as DER: of the next one, too.
    #[must_use]
    pub fn for_devices(&self) -> Vec<Vec<u8>> {
        self.all.iter().map(|it| it.certificate().to_vec()).collect()
    }

    /// The certificates by which those of devices are verified, as DER: what is only published
    /// has signed nothing.
    #[must_use]
    pub fn for_servers(&self) -> Vec<Vec<u8>> {
        let signed = self.all.iter().filter(|it| it.stage() != KeyStage::Next);
        signed.map(|it| it.certificate().to_vec()).collect()
    }

    /// Each authority's name, which is the digest of its public key, and its stage.
    #[must_use]
    pub fn list(&self) -> Vec<(String, KeyStage)> {
        self.all.iter().map(|it| (it.id().to_owned(), it.stage())).collect()
    }

    /// The one that signs.
    pub fn active(&self) -> Result<&Authority, AuthorityError> {
        let active = self.all.iter().find(|it| it.stage() == KeyStage::Active);
        active.ok_or_else(|| AuthorityError::unusable("no authority signs"))
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.list()).finish()
    }
}
