//! The [`KeyStore`] port: the keys that tokens are signed with, shared by all servers.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::{error::Error, fmt};

/// How far a key has come. It goes one way: a key that was retired never signs again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyStage {
    /// Published, so that whoever verifies knows it, and not used yet.
    Next,
    /// Signs.
    Active,
    /// Signs no more; what it signed is good until it ends by itself.
    Retired,
}

/// One key. Its secret is never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKey {
    /// What a token names it by (`kid`, RFC 7515 §4.1.4).
    pub id: String,
    /// How far it has come.
    pub stage: KeyStage,
    /// Since when it is there.
    pub since: Timestamp,
    /// The private key, as PKCS #8 (RFC 5958).
    pub secret: Vec<u8>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id)
            .field("stage", &self.stage)
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}

/// All keys there are, and how often they were changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRing {
    /// How often they were changed; zero when nothing was ever kept.
    pub version: u64,
    /// The keys.
    pub keys: Vec<SigningKey>,
}

/// Why the keys cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyStoreError {
    /// Somebody else changed them first.
    #[error("the signing keys have changed since they were read; read them again")]
    Stale,
    /// The storage is in trouble.
    #[error("the signing keys could not be {doing}; see that where they are kept is there")]
    Backend {
        /// What it was doing.
        doing: &'static str,
        /// What went wrong.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Keeps the keys that tokens are signed with.
///
/// They are secret: a store keeps them where nobody but its owner reads. What changes them is
/// durable when it returns, whole or not at all.
#[async_trait::async_trait]
pub trait KeyStore: fmt::Debug + Send + Sync {
    /// The keys that were saved last; none, of version zero, when there never were any.
    async fn load(&self) -> Result<KeyRing, KeyStoreError>;

    /// Replaces all keys. Refuses unless the kept version is `ring.version`; afterwards it is
    /// one higher, which is given back. Of many who read the same version, one wins.
    async fn save(&self, ring: &KeyRing) -> Result<u64, KeyStoreError>;
}
