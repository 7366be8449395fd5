//! The [`Leases`] port: how many of something somebody may have at the same time.

use crate::{LimitKey, LimiterError, RequestId};
use std::{fmt, time::Duration};

/// A place that somebody has for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Whose.
    pub owner: LimitKey,
    /// Of what.
    pub thing: LimitKey,
    /// Which.
    pub id: RequestId,
}

/// Keeps places, each of which ends by itself.
///
/// A set of leases and not a number: whoever dies without a word gives back what they had
/// when its time is over. Nobody ever has more than the most. Giving back twice frees one
/// place. What has ended cannot be renewed, as somebody else may have it.
#[async_trait::async_trait]
pub trait Leases: fmt::Debug + Send + Sync {
    /// A place for `ttl`, or `None` when the owner has `most` of them.
    async fn take(
        &self,
        owner: &LimitKey,
        thing: &LimitKey,
        most: u32,
        ttl: Duration,
    ) -> Result<Option<Lease>, LimiterError>;

    /// Keeps a place for `ttl` from now; false when it has ended.
    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<bool, LimiterError>;

    /// Frees a place.
    async fn give_back(&self, lease: &Lease) -> Result<(), LimiterError>;
}
