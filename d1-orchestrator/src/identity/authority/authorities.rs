//! All authorities of the moment, as all servers share them.

use super::{error::AuthorityError, one};
use crate::{
    identity::authority::one::Authority,
    ring::{Kind, SharedRing, Spans},
};
use d1_core::{Clock, KeyRing, KeyStage, KeyStore, SigningKey, Timestamp};
use std::{fmt, sync::Arc, time::Duration};

/// How long the next one has to be published before it signs because somebody says so: every
/// device that is awake has renewed by then, and knows it.
const PUBLISHED_FOR: Duration = Duration::from_secs(86_400);

/// The authorities that sign the certificates of devices. Cheap to clone; clones share what
/// they know.
#[derive(Clone, Debug)]
pub struct Authorities(SharedRing<Devices>);

/// Every authority of the moment.
pub struct Bundle {
    version: u64,
    all: Vec<Authority>,
}

/// The kind of ring that they are in.
struct Devices;

impl Kind for Devices {
    type Live = Bundle;
    type Error = AuthorityError;

    /// What one signed is good for a day, and every device asks for more within that.
    const SPANS: Spans = Spans {
        active: Duration::from_secs(90 * 86_400),
        retired: Duration::from_secs(2 * 86_400),
    };

    fn fresh(stage: KeyStage, now: Timestamp) -> Result<SigningKey, AuthorityError> {
        one::fresh(stage, now)
    }

    fn read(kept: &KeyRing) -> Result<Bundle, AuthorityError> {
        let all = kept.keys.iter().map(Authority::read).collect::<Result<_, _>>()?;
        Ok(Bundle { version: kept.version, all })
    }

    fn unknown(id: &str) -> AuthorityError {
        AuthorityError::Unknown(id.chars().take(64).collect())
    }
}

impl Authorities {
    /// Authorities as they are kept in `store`, which keeps nothing else; the first are made
    /// when there are none.
    #[must_use]
    pub fn new(store: Arc<dyn KeyStore>, clock: Arc<dyn Clock>) -> Self {
        Self(SharedRing::new(store, clock))
    }

    /// The authorities of the moment.
    pub async fn bundle(&self) -> Result<Arc<Bundle>, AuthorityError> {
        self.0.current().await
    }

    /// Lets the next authority sign from now on; what the last one signed stays good until it
    /// ends. Refused until every device that is awake has heard of the next one.
    pub async fn rotate(&self) -> Result<(), AuthorityError> {
        self.0.rotate(was_published).await
    }

    /// Forgets an authority, and with it everything that it signed: for one that got out.
    /// Devices with a certificate of it recover, or enrol again.
    pub async fn withdraw(&self, id: &str) -> Result<(), AuthorityError> {
        self.0.withdraw(id).await
    }
}

/// Whether every device that is awake has heard of the next one.
fn was_published(ring: &KeyRing, now: Timestamp) -> Result<(), AuthorityError> {
    let next = ring.keys.iter().find(|key| key.stage == KeyStage::Next);
    let left = PUBLISHED_FOR.saturating_sub(next.map_or(PUBLISHED_FOR, |it| now.since(it.since)));
    if left.is_zero() {
        return Ok(());
    }
    Err(AuthorityError::TooSoon { hours: left.as_secs().div_ceil(3_600) })
}

impl Bundle {
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
