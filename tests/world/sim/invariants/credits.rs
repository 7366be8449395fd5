//! Credits are constant.

use super::{AtRest, Invariant};
use d1_core::Amount;

/// What was put into an account is there, or was owed for work that succeeded.
pub(super) const CREDITS_ARE_CONSTANT: Invariant =
    Invariant { promise: "the sum of all credits is constant, and nobody is overcharged", check };

fn check(world: &AtRest) -> Result<(), String> {
    if let Some(difference) = &world.difference {
        return Err(difference.clone());
    }
    for account in &world.accounts {
        let setups = world.setups.iter().filter(|setup| setup.account == account.id);
        let owed: Amount = setups.map(d1_core::Setup::charge).sum();
        let left = account.given.checked_sub(owed);
        if left != Some(account.posted) {
            let (given, posted) = (account.given, account.posted);
            return Err(format!("{given} were given and {owed} are owed, but {posted} are left"));
        }
    }
    Ok(())
}
