//! The keys of a cloud, as it announces them to devices.

use super::OrderPublicKey;
use crate::{KeyStage, Timestamp};
use serde::{Deserialize, Serialize};

/// A key that a cloud signs orders with, has signed with, or will.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnouncedKey {
    /// Its public half.
    pub key: OrderPublicKey,
    /// How far it has come.
    pub stage: KeyStage,
    /// Since when it is there.
    pub since: Timestamp,
}

/// All keys of a cloud that are good at one time. What is not among them any more is withdrawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderKeySet {
    /// Higher than that of every earlier set.
    pub version: u64,
    /// The keys.
    pub keys: Vec<AnnouncedKey>,
}

impl OrderKeySet {
    /// The most keys of one set: the next one, the one that signs, and what a rotation every
    /// few days leaves behind.
    pub const MAX: usize = 16;
}
