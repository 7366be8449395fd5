//! The [`EnrolmentStore`] port: one-time tokens, and the devices that enrolled by them.

use crate::{AccountId, DeviceId, Digest, Enrolment, EnrolmentToken, Timestamp};
use std::{error::Error, fmt};

/// Why the store could not do as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolmentStoreError {
    /// The token is unknown, used, or over.
    #[error("the enrolment token is not good, or no longer; make another one")]
    NoToken,
    /// The account has as many open tokens as it may.
    #[error("an account has at most {most} open enrolment tokens; use one, or wait until one is over", most = EnrolmentToken::MOST)]
    TooManyTokens,
    /// A key was seen before, of this device or another.
    #[error("the key was used before; make a new one")]
    KeySeen,
    /// Somebody else changed the device first.
    #[error("the device has changed since it was read; read it again")]
    Stale,
    /// The storage is in trouble.
    #[error("enrolments could not be {doing}; see that where they are kept is there")]
    Backend {
        /// What it was doing.
        doing: &'static str,
        /// What went wrong.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Keeps one-time tokens, and the devices that enrolled by them.
///
/// No secret is kept: tokens are digests, keys are public. What changes something is durable
/// when it returns, whole or not at all; what is refused changes nothing.
#[async_trait::async_trait]
pub trait EnrolmentStore: fmt::Debug + Send + Sync {
    /// Keeps a new token. Refuses when its account has [`EnrolmentToken::MOST`] that are good
    /// at `now`; those that are over may be cleared away.
    async fn add_token(
        &self,
        token: &EnrolmentToken,
        now: Timestamp,
    ) -> Result<(), EnrolmentStoreError>;

    /// The token of this digest, if it is good at `now`: neither used nor over.
    async fn token(
        &self,
        secret: &Digest,
        now: Timestamp,
    ) -> Result<Option<EnrolmentToken>, EnrolmentStoreError>;

    /// The tokens of an account that are good at `now`, those that end first before the others.
    async fn tokens(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Vec<EnrolmentToken>, EnrolmentStoreError>;

    /// Takes a token of this account back: it enrols nobody any more. False when there is none.
    async fn drop_token(
        &self,
        account: AccountId,
        secret: &Digest,
    ) -> Result<bool, EnrolmentStoreError>;

    /// Uses a token up and keeps the device that enrols by it, new or in the place of the one
    /// with the same id, whose version it has to name (zero when there is none); afterwards
    /// the kept version is one higher, which is given back.
    ///
    /// Refuses a token that is not good at `now`, a version that is not the kept one, and keys
    /// that were seen before. Of many who use one token at once, one wins.
    async fn enrol(
        &self,
        secret: &Digest,
        device: &Enrolment,
        now: Timestamp,
    ) -> Result<u64, EnrolmentStoreError>;

    /// The device of this id.
    async fn find(&self, device: DeviceId) -> Result<Option<Enrolment>, EnrolmentStoreError>;

    /// Replaces a device. Refuses unless the kept version is the one it names; afterwards it
    /// is one higher, which is given back. Refuses a new current key that was seen before.
    async fn save(&self, device: &Enrolment) -> Result<u64, EnrolmentStoreError>;

    /// The devices of an account, by id, after `after`, at most `limit`.
    async fn list(
        &self,
        account: AccountId,
        after: Option<DeviceId>,
        limit: usize,
    ) -> Result<Vec<Enrolment>, EnrolmentStoreError>;

    /// Devices that are locked or revoked, and became so at `since` or later.
    async fn shut_out(&self, since: Timestamp) -> Result<Vec<DeviceId>, EnrolmentStoreError>;
}
