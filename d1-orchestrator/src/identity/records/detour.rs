//! A browser that is away, signing in at another provider.

use d1_core::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long somebody may take there.
pub(in crate::identity) const LIFE: Duration = Duration::from_secs(600);

/// A browser that is away, signing in at another provider. What it has to come back with is
/// derived from what the browser keeps, so that this has no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::identity) struct Detour {
    /// Which browser: the digest of what it keeps.
    pub(in crate::identity) browser: Digest,
    /// Where it was.
    pub(in crate::identity) next: String,
    pub(in crate::identity) ends: Timestamp,
    /// Whether it came back. It does so once.
    pub(in crate::identity) is_back: bool,
}
