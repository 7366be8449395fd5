//! The [`ReplayLedger`] port: which orders were heeded.

use crate::{Digest, Timestamp};
use std::{error::Error, fmt};

/// Why it cannot be told whether an order was heeded before. Then it is not heeded.
#[derive(Debug, thiserror::Error)]
#[error("heeded orders could not be {doing}; see that the disk has room")]
pub struct ReplayLedgerError {
    /// What it was doing.
    pub doing: &'static str,
    /// What went wrong.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

/// Remembers orders that were heeded, by the digests of their envelopes, until they are no good
/// any more in any case.
///
/// An order is remembered before anything of it is done, on the disk when it returns.
#[async_trait::async_trait]
pub trait ReplayLedger: fmt::Debug + Send + Sync {
    /// Remembers an order until `until`: true when it was not remembered yet. Of many who bring
    /// the same order at once, one hears so. Those whose time is over at `now` may be forgotten.
    async fn take(
        &self,
        order: Digest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, ReplayLedgerError>;
}
