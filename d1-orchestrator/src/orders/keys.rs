//! The keys that orders are signed with.
//!
//! ```text
//!   made ──▶ next ──90 days──▶ active ──90 days──▶ retired ──30 days──▶ gone
//!         known to devices      signs        tells devices that knew no newer one
//! ```

use crate::ring::{Kind, SharedRing, Spans};
use d1_core::{
    AnnouncedKey, Clock, KeyRing, KeyStage, KeyStore, KeyStoreError, OrderKey, OrderKeyError,
    OrderKeySet, OrderPublicKey, SigningKey, Timestamp,
};
use std::{sync::Arc, time::Duration};

/// Why there is no key to sign orders with. Then none is given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrderKeysError {
    /// They cannot be read or saved.
    #[error(transparent)]
    Store(#[from] KeyStoreError),
    /// None can be made.
    #[error(transparent)]
    Make(#[from] OrderKeyError),
    /// What is kept is not a key.
    #[error("the key of orders `{0}` cannot be used; withdraw it, and a new one is made")]
    Unusable(String),
    /// No key signs.
    #[error("no key signs orders; list them with d1-cloud order-keys list")]
    NoneSigns,
    /// No key of this name.
    #[error("there is no key of orders `{0}`; list them first")]
    Unknown(String),
}

/// The keys that orders to devices are signed with. Cheap to clone; clones share what they know.
#[derive(Clone, Debug)]
pub struct OrderKeys(SharedRing<Orders>);

/// Every key of the moment.
#[derive(Debug)]
pub struct LiveOrderKeys {
    announced: OrderKeySet,
    keys: Vec<(KeyStage, OrderKey)>,
}

/// The kind of ring that they are in.
struct Orders;

impl Kind for Orders {
    type Live = LiveOrderKeys;
    type Error = OrderKeysError;

    /// A device that slept for longer than a key was known to it enrols again.
    const SPANS: Spans = Spans {
        active: Duration::from_secs(90 * 86_400),
        retired: Duration::from_secs(30 * 86_400),
    };

    fn fresh(stage: KeyStage, now: Timestamp) -> Result<SigningKey, OrderKeysError> {
        let key = OrderKey::generate()?;
        let id = key.public().to_string();
        Ok(SigningKey { id, stage, since: now, secret: key.seed().to_vec() })
    }

    fn read(kept: &KeyRing) -> Result<LiveOrderKeys, OrderKeysError> {
        let keys: Vec<(KeyStage, OrderKey)> =
            kept.keys.iter().map(read).collect::<Result<_, _>>()?;
        let told = kept.keys.iter().zip(&keys).map(|(kept, (stage, key))| AnnouncedKey {
            key: key.public(),
            stage: *stage,
            since: kept.since,
        });
        let announced = OrderKeySet { version: kept.version, keys: told.collect() };
        Ok(LiveOrderKeys { announced, keys })
    }

    fn unknown(id: &str) -> OrderKeysError {
        OrderKeysError::Unknown(id.chars().take(64).collect())
    }
}

/// Reads a key that was kept: its seed, under the name of its public half.
fn read(kept: &SigningKey) -> Result<(KeyStage, OrderKey), OrderKeysError> {
    let seed = <[u8; 32]>::try_from(kept.secret.as_slice()).ok();
    let key = seed.map(|seed| OrderKey::from_seed(&seed));
    let key = key.filter(|key| key.public().to_string() == kept.id);
    key.map(|key| (kept.stage, key)).ok_or_else(|| OrderKeysError::Unusable(kept.id.clone()))
}

impl OrderKeys {
    /// Keys as they are kept in `store`, which keeps nothing else; the first are made when there
    /// are none.
    #[must_use]
    pub fn new(store: Arc<dyn KeyStore>, clock: Arc<dyn Clock>) -> Self {
        Self(SharedRing::new(store, clock))
    }

    /// The keys of the moment.
    pub async fn current(&self) -> Result<Arc<LiveOrderKeys>, OrderKeysError> {
        self.0.current().await
    }

    /// Lets the next key sign from now on. Devices that are linked are told with what is said to
    /// them next, and others when they come.
    pub async fn rotate(&self) -> Result<(), OrderKeysError> {
        self.0.rotate(|_, _| Ok(())).await
    }

    /// Forgets a key, for one that got out: devices heed it no more once they are told.
    pub async fn withdraw(&self, key: &str) -> Result<(), OrderKeysError> {
        self.0.withdraw(key).await
    }
}

impl LiveOrderKeys {
    /// What devices are told of them.
    #[must_use]
    pub const fn announced(&self) -> &OrderKeySet {
        &self.announced
    }

    /// The one that signs.
    pub(super) fn signing(&self) -> Result<&OrderKey, OrderKeysError> {
        let signs = self.keys.iter().find(|(stage, _)| *stage == KeyStage::Active);
        signs.map(|(_, key)| key).ok_or(OrderKeysError::NoneSigns)
    }

    /// The one to tell a device of the others with that knows these: the one that signs, or one
    /// that has signed.
    pub(super) fn introducing(&self, known: &[OrderPublicKey]) -> Option<&OrderKey> {
        let known = |stage| {
            let is_it =
                |at: &KeyStage, key: &OrderKey| *at == stage && known.contains(&key.public());
            self.keys.iter().rfind(|(at, key)| is_it(at, key)).map(|(_, key)| key)
        };
        known(KeyStage::Active).or_else(|| known(KeyStage::Retired))
    }
}
