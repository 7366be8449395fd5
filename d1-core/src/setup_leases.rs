//! The [`SetupLeases`] port: which of many servers drives which setup.

use crate::{NodeId, SetupId, StoreError};
use std::{fmt, time::Duration};

/// Knows which server drives which setup, where the setups are: servers that find the same
/// setup to drive do not take it from each other in turns.
///
/// A lease ends by itself, by the clock of the store, so that what a dead server had is free
/// when its time is over. It is no fence: that is the epoch of a setup, which grows when
/// somebody takes it.
#[async_trait::async_trait]
pub trait SetupLeases: fmt::Debug + Send + Sync {
    /// Takes each of these that is free or this node's own, for `ttl` from now. Tells which of
    /// them are this node's; the others are another's.
    async fn hold(
        &self,
        node: NodeId,
        setups: &[SetupId],
        ttl: Duration,
    ) -> Result<Vec<SetupId>, StoreError>;

    /// Takes each of these for `ttl` from now, whoever has it: for a server that knows better
    /// than who has it, as their device has just linked up there.
    async fn seize(
        &self,
        node: NodeId,
        setups: &[SetupId],
        ttl: Duration,
    ) -> Result<(), StoreError>;

    /// Frees those of these that are this node's.
    async fn give_back(&self, node: NodeId, setups: &[SetupId]) -> Result<(), StoreError>;
}
