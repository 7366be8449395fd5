//! Whose orders a device heeds: the keys of one cloud that it knows.

use super::{OrderKeySet, OrderPublicKey, OrderRefusal};
use crate::{AuditEntry, AuditKind, KeyStage, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// By how much the clocks of a device and of its cloud may differ.
pub(super) const TOLERANCE: Duration = Duration::from_secs(5 * 60);
/// How long a key that was retired may still sign: until the last server of the cloud knows.
const OVERLAP: Duration = Duration::from_secs(10 * 60);
/// The most withdrawn keys that are remembered by name; earlier ones are merely unknown.
const MAX_WITHDRAWN: usize = 64;

/// A key that a device knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedKey {
    /// Its public half.
    pub key: OrderPublicKey,
    /// Since when the cloud has it, by the cloud's word; zero where a person said it.
    pub since: Timestamp,
    /// What it signs after this is not heeded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<Timestamp>,
}

/// Whose orders a device heeds. Without a key it heeds none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderTrust {
    /// The version of the cloud's keys that it was told last.
    pub version: u64,
    /// The keys.
    pub keys: Vec<TrustedKey>,
    /// Keys that it knew, and that are not good any more.
    pub withdrawn: Vec<OrderPublicKey>,
}

impl OrderTrust {
    /// The keys that a cloud gave over a door by which it is known.
    #[must_use]
    pub fn of(set: &OrderKeySet) -> Self {
        let mut trust = Self::default();
        trust.learn(set);
        trust
    }

    /// One more key, by the word of whoever owns the device. A key that was withdrawn stays so.
    pub fn pin(&mut self, key: OrderPublicKey) {
        if self.trusted(&key).is_none() && !self.withdrawn.contains(&key) {
            self.keys.push(TrustedKey { key, since: Timestamp::default(), until: None });
        }
    }

    /// Takes the keys that the cloud told in a signed order. A set that is not newer than the
    /// last one, or has no key, changes nothing. Tells whether something changed.
    pub fn learn(&mut self, set: &OrderKeySet) -> bool {
        let good: Vec<TrustedKey> = set
            .keys
            .iter()
            .take(OrderKeySet::MAX)
            .filter(|told| !self.withdrawn.contains(&told.key))
            .map(|told| TrustedKey {
                key: told.key,
                since: told.since,
                until: (told.stage == KeyStage::Retired).then(|| told.since.after(OVERLAP)),
            })
            .collect();
        if set.version <= self.version || good.is_empty() {
            return false;
        }
        let gone = self.keys.iter().map(|known| known.key);
        self.withdrawn.extend(gone.filter(|known| good.iter().all(|it| it.key != *known)));
        let surplus = self.withdrawn.len().saturating_sub(MAX_WITHDRAWN);
        self.withdrawn.drain(..surplus);
        (self.version, self.keys) = (set.version, good);
        true
    }

    /// What is on record before these keys are believed in the place of those `before`, by whose
    /// word.
    #[must_use]
    pub fn record(&self, before: &Self, by: &str) -> AuditEntry {
        let text = |keys: Vec<OrderPublicKey>| {
            keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        let gone = self.withdrawn.iter().filter(|key| !before.withdrawn.contains(key));
        AuditEntry::new(AuditKind::KeyPinned)
            .about("version", self.version)
            .about("keys", text(self.keys.iter().map(|known| known.key).collect()))
            .about("withdrawn", text(gone.copied().collect()))
            .saying("by", by)
    }

    /// The key of this name, if it is good, or the reason why it is not.
    pub(super) fn find(&self, id: &[u8]) -> Result<&TrustedKey, OrderRefusal> {
        let is_it = |key: &OrderPublicKey| key.as_bytes() == id;
        if let Some(withdrawn) = self.withdrawn.iter().find(|key| is_it(key)) {
            return Err(OrderRefusal::WithdrawnKey(*withdrawn));
        }
        let known = self.keys.iter().find(|known| is_it(&known.key));
        known.ok_or(OrderRefusal::UnknownKey)
    }

    /// The latest time that the cloud has told of: it is later now.
    pub(super) fn latest(&self) -> Timestamp {
        self.keys.iter().map(|known| known.since).max().unwrap_or_default()
    }

    fn trusted(&self, key: &OrderPublicKey) -> Option<&TrustedKey> {
        self.keys.iter().find(|known| known.key == *key)
    }
}
