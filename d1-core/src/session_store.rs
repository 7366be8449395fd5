//! The [`SessionStore`] port: what is remembered of people who sign in, until it ends.

use crate::{Digest, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::{error::Error, fmt};

/// What a record is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// A sign-in that a program has begun and a person has not finished.
    Grant,
    /// A sign-in of a program: what its refresh tokens belong to.
    Session,
    /// A token that a person made for a program of theirs.
    PersonalToken,
    /// A browser in which somebody is signed in.
    Visit,
    /// A browser that is away, signing in at another provider.
    Detour,
}

impl RecordKind {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Session => "session",
            Self::PersonalToken => "personal_token",
            Self::Visit => "visit",
            Self::Detour => "detour",
        }
    }
}

/// Something that is remembered until it ends.
///
/// It is found by digests alone: a store never holds what would let anybody in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it is of.
    pub kind: RecordKind,
    /// What it is found by: the digest of the secret that whoever it is of presents.
    pub key: Digest,
    /// What else it is found by.
    pub names: Vec<Digest>,
    /// Whose it is, once that is known.
    pub owner: Option<UserId>,
    /// From when on it is not there.
    pub ends: Timestamp,
    /// How often it was changed.
    pub version: u64,
    /// What it says, as JSON; at most [`Record::MAX_BODY`] bytes.
    pub body: String,
}

impl Record {
    /// The most bytes of a body.
    pub const MAX_BODY: usize = 16 * 1024;
    /// The most names.
    pub const MAX_NAMES: usize = 4;
    /// The most that are listed of one owner.
    pub const MAX_LISTED: usize = 1_000;

    /// Whether it is small enough to be kept.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.body.len() <= Self::MAX_BODY && self.names.len() <= Self::MAX_NAMES
    }
}

/// Why the store could not do as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// A record with this key or one of these names is there.
    #[error("something is kept under this name already; take another one")]
    Taken,
    /// Somebody else changed it first, or it has ended.
    #[error("it has changed since it was read; read it again")]
    Stale,
    /// It is more than is kept.
    #[error("a record has at most {} bytes and {} names", Record::MAX_BODY, Record::MAX_NAMES)]
    TooLarge,
    /// The storage is in trouble.
    #[error("sign-ins could not be {doing}; see that where they are kept is there")]
    Backend {
        /// What it was doing.
        doing: &'static str,
        /// What went wrong.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Remembers sign-ins until they end.
///
/// What has ended at `now` is not there for anybody, and its names are free. A change is one
/// conditional update: of many who read the same version, one wins, and the others are told.
/// Whether anything outlives a crash is up to the store: one in memory forgets, and whoever
/// was signed in signs in again.
#[async_trait::async_trait]
pub trait SessionStore: fmt::Debug + Send + Sync {
    /// Keeps a new record. Refuses one whose key or one of whose names is taken among those
    /// of its kind, and then keeps nothing of it. Whatever its version says, it is kept as 1.
    async fn create(&self, record: &Record, now: Timestamp) -> Result<(), SessionError>;

    /// The record of this kind that has this key or name.
    async fn find(
        &self,
        kind: RecordKind,
        name: &Digest,
        now: Timestamp,
    ) -> Result<Option<Record>, SessionError>;

    /// Replaces the owner, the end and the body of the record with this key. Refuses unless
    /// the kept version is `record.version`; afterwards it is one higher, which is given back.
    /// Key and names stay.
    async fn save(&self, record: &Record, now: Timestamp) -> Result<u64, SessionError>;

    /// Forgets a record; it may be gone already.
    async fn remove(&self, kind: RecordKind, key: &Digest) -> Result<(), SessionError>;

    /// What is kept of somebody, by key, at most [`Record::MAX_LISTED`].
    async fn owned(
        &self,
        kind: RecordKind,
        owner: UserId,
        now: Timestamp,
    ) -> Result<Vec<Record>, SessionError>;
}
