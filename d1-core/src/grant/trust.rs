//! Whose signature a device takes under a plan: the keys that its owner trusts.

use super::{GrantRefusal, UserPublicKey};
use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// The key of a person that a device knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedUser {
    /// Its public half.
    pub key: UserPublicKey,
    /// Whose it is, in the words of whoever trusted it.
    pub name: String,
    /// Since when.
    pub since: Timestamp,
}

/// The keys of people that a device knows. Without any, nobody's signature is good.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserTrust {
    /// The keys.
    pub users: Vec<TrustedUser>,
    /// Keys that it knew, and that are not good any more.
    pub distrusted: Vec<UserPublicKey>,
}

impl UserTrust {
    /// The most keys of one device.
    pub const MAX: usize = 64;
    /// The most characters of a name.
    pub const MAX_NAME: usize = 80;

    /// One more key, by the word of whoever owns the device; one that was distrusted before is
    /// trusted again. False when it is known already, or there are too many.
    pub fn trust(&mut self, user: TrustedUser) -> bool {
        let known = self.users.iter().any(|known| known.key == user.key);
        if known || self.users.len() >= Self::MAX {
            return false;
        }
        self.distrusted.retain(|key| *key != user.key);
        self.users.push(user);
        true
    }

    /// Takes the trust in a key away. False when it was not trusted.
    pub fn distrust(&mut self, key: UserPublicKey) -> bool {
        let before = self.users.len();
        self.users.retain(|known| known.key != key);
        if self.users.len() == before {
            return false;
        }
        self.distrusted.push(key);
        let surplus = self.distrusted.len().saturating_sub(Self::MAX);
        self.distrusted.drain(..surplus);
        true
    }

    /// The key of this name, if it is good, or the reason why it is not.
    pub(super) fn find(&self, id: &[u8]) -> Result<UserPublicKey, GrantRefusal> {
        let is_it = |key: &UserPublicKey| key.as_bytes() == id;
        if let Some(gone) = self.distrusted.iter().find(|key| is_it(key)) {
            return Err(GrantRefusal::DistrustedKey(*gone));
        }
        let known = self.users.iter().map(|user| user.key).find(is_it);
        known.ok_or(GrantRefusal::UnknownKey)
    }
}
