//! The [`OrderTrustStore`] port: where a device keeps the keys of one cloud.

use super::OrderTrust;
use std::{error::Error, fmt};

/// Why the keys of a cloud cannot be had. Then no order of it is heeded.
#[derive(Debug, thiserror::Error)]
#[error("the keys of the cloud could not be {doing}; see that the state directory is there")]
pub struct OrderTrustStoreError {
    /// What it was doing.
    pub doing: &'static str,
    /// What went wrong.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

/// Keeps the keys of one cloud, as a device knows them.
///
/// It is asked before every order, so that keys which somebody takes away here are good for
/// nothing at once. What is saved is durable when it returns, whole or not at all.
pub trait OrderTrustStore: fmt::Debug + Send + Sync {
    /// The keys that were saved last; none when there never were any.
    fn load(&self) -> Result<OrderTrust, OrderTrustStoreError>;

    /// Replaces all keys.
    fn save(&self, trust: &OrderTrust) -> Result<(), OrderTrustStoreError>;
}
