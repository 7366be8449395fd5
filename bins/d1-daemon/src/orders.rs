//! Whose orders are heeded: the keys of each cloud, in the state directory.

use crate::{compose::StartError, config::Orders};
use d1_core::{OrderPublicKey, ReplayLedger, WallClock};
use d1_executor::{OrderGuard, OrderKeysFile, StateDir};
use d1_protocol::order_codec;
use std::sync::Arc;

/// Has only orders heeded that are signed by a key of the cloud at this address.
pub(crate) fn guard(state: &StateDir, cloud: &str, ledger: &Arc<dyn ReplayLedger>) -> OrderGuard {
    OrderGuard {
        trust: Arc::new(OrderKeysFile::of(state, cloud)),
        ledger: Arc::clone(ledger),
        codec: order_codec(),
        clock: Arc::new(WallClock::new()),
    }
}

/// What is wanted of the orders of a cloud that is served with a token; nothing when all of
/// them are heeded.
pub(crate) fn of_token_link(
    state: &StateDir,
    cloud: &str,
    (orders, key): (Option<Orders>, Option<OrderPublicKey>),
    ledger: &Arc<dyn ReplayLedger>,
) -> Result<Option<OrderGuard>, StartError> {
    let guard = guard(state, cloud, ledger);
    let mut trust = guard.trust.load()?;
    if let Some(key) = key {
        trust.pin(key);
        guard.trust.save(&trust)?;
    }
    // A cloud whose keys were taken away here is still one whose orders have to be signed.
    let had_keys = OrderKeysFile::all(state)?.contains_key(cloud);
    match orders {
        Some(Orders::Any) => Ok(None),
        None if !had_keys => Ok(None),
        Some(Orders::Signed) if trust.keys.is_empty() => Err(StartError::NoOrderKey),
        Some(Orders::Signed) | None => Ok(Some(guard)),
    }
}
