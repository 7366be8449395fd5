//! Whose orders are heeded: the keys of each cloud, in the state directory.

use crate::{compose::StartError, config::Orders};
use d1_core::{AuditLog, Category, OrderPublicKey, Problem, ReplayLedger, WallClock};
use d1_executor::{
    EnrolledError, KnownUsers, OrderGuard, OrderKeysFile, Owner, Policy, PolicyError, StateDir,
    UserTrustFile,
};
use d1_protocol::order_codec;
use std::{error::Error as _, sync::Arc};

/// Has only orders heeded that are signed by a key of the cloud at this address.
pub(crate) fn guard(state: &StateDir, cloud: &str, ledger: &Arc<dyn ReplayLedger>) -> OrderGuard {
    OrderGuard {
        trust: Arc::new(OrderKeysFile::of(state, cloud)),
        ledger: Arc::clone(ledger),
        codec: order_codec(),
        clock: Arc::new(WallClock::new()),
    }
}

/// What the owner wants besides the word of a cloud, as they write it down: asked anew each time.
pub(crate) fn owner(
    state: &StateDir,
    ledger: &Arc<dyn ReplayLedger>,
) -> Result<Owner, PolicyError> {
    let file = UserTrustFile::of(state);
    Ok(Owner {
        policy: Policy::this()?,
        users: KnownUsers::read_by(move || file.load().map_err(|error| unreadable(&error))),
        ledger: Arc::clone(ledger),
        clock: Arc::new(WallClock::new()),
    })
}

fn unreadable(error: &EnrolledError) -> Problem {
    let text = error.to_string();
    let (title, remedy) = text.split_once("; ").unwrap_or((&text, ""));
    let cause = error.source().map_or_else(String::new, ToString::to_string);
    Problem::new("D1-GRANT-015", Category::Daemon, title)
        .because(cause)
        .leaving("nothing that needs a signature is done until that is mended")
        .next(remedy)
}

/// What is wanted of the orders of a cloud that is served with a token; nothing when all of
/// them are heeded.
pub(crate) async fn of_token_link(
    state: &StateDir,
    cloud: &str,
    (orders, key): (Option<Orders>, Option<OrderPublicKey>),
    (ledger, audit): (&Arc<dyn ReplayLedger>, &dyn AuditLog),
) -> Result<Option<OrderGuard>, StartError> {
    let guard = guard(state, cloud, ledger);
    let mut trust = guard.trust.load()?;
    if let Some(key) = key {
        let before = trust.clone();
        trust.pin(key);
        if trust != before {
            // On record before it is good for anything.
            let by = format!("whoever started the daemon for {cloud}");
            audit.append(trust.record(&before, &by), guard.clock.now()).await?;
            guard.trust.save(&trust)?;
        }
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
