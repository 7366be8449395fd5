//! Nothing stays held.

use super::{AtRest, Invariant};

/// When nothing goes on any more, nothing is set aside for it.
pub(super) const NOTHING_STAYS_HELD: Invariant =
    Invariant { promise: "no credits stay held when everything is at rest", check };

fn check(world: &AtRest) -> Result<(), String> {
    match world.accounts.iter().find(|account| !account.held.is_zero()) {
        Some(account) => Err(format!("{} of account {} are still held", account.held, account.id)),
        None => Ok(()),
    }
}
