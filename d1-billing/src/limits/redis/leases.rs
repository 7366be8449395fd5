//! [`Leases`] that many processes share: sorted sets, by the moment at which each ends.

use super::RedisLimits;
use d1_core::{Lease, Leases, LimitKey, LimiterError, RequestId};
use redis::Script;
use std::{sync::Arc, time::Duration};

/// KEYS: the set. ARGV: what to do, the lease, its time in ms, the most. By the server's clock.
const SCRIPT: &str = include_str!("lease.lua");

/// [`Leases`] that many processes share.
#[derive(Clone, Debug)]
pub struct RedisLeases {
    server: RedisLimits,
    script: Arc<Script>,
}

impl RedisLeases {
    pub(super) fn new(server: RedisLimits) -> Self {
        Self { server, script: Arc::new(Script::new(SCRIPT)) }
    }

    async fn run(
        &self,
        verb: &str,
        (owner, thing, id): (&LimitKey, &LimitKey, RequestId),
        ttl: Duration,
        most: u32,
    ) -> Result<bool, LimiterError> {
        let ttl = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).clamp(1, MAX_MILLIS);
        let mut script = self.script.prepare_invoke();
        script.key(format!("d1:lease:{{{owner}}} {thing}"));
        script.arg(verb).arg(id.to_string()).arg(ttl).arg(most);
        self.server.run(&script).await
    }
}

/// The longest lease, a year: longer ones would not stay exact in a script.
const MAX_MILLIS: u64 = 365 * 86_400_000;

#[async_trait::async_trait]
impl Leases for RedisLeases {
    async fn take(
        &self,
        owner: &LimitKey,
        thing: &LimitKey,
        most: u32,
        ttl: Duration,
    ) -> Result<Option<Lease>, LimiterError> {
        let id = RequestId::generate();
        let taken = self.run("take", (owner, thing, id), ttl, most).await?;
        Ok(taken.then(|| Lease { owner: owner.clone(), thing: thing.clone(), id }))
    }

    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<bool, LimiterError> {
        self.run("renew", (&lease.owner, &lease.thing, lease.id), ttl, 0).await
    }

    async fn give_back(&self, lease: &Lease) -> Result<(), LimiterError> {
        let lease = (&lease.owner, &lease.thing, lease.id);
        self.run("give back", lease, Duration::ZERO, 0).await.map(drop)
    }
}
