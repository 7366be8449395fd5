//! A token that a person made for a program of theirs.

use d1_core::{AccountId, Scopes, SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// A token that a person made for a program of theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::identity) struct PersonalToken {
    pub(in crate::identity) id: SessionId,
    pub(in crate::identity) user: UserId,
    pub(in crate::identity) account: AccountId,
    /// What its maker calls it.
    pub(in crate::identity) name: String,
    pub(in crate::identity) scopes: Scopes,
    pub(in crate::identity) made: Timestamp,
    pub(in crate::identity) ends: Timestamp,
}
