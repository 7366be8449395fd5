//! The laws of [`CreditLedger`].

mod holds;
mod settlements;

use super::{Laws, samples::RACERS};
use crate::{AccountId, Amount, CreditLedger, HoldId, HoldRequest, LedgerError};
use std::{future::Future, sync::Arc};

type Port = Arc<dyn CreditLedger>;

/// Checks every law of [`CreditLedger`], each on a fresh one from `make`, in which these
/// accounts have these amounts and no other has anything.
pub async fn ledger<F, L>(make: F)
where
    F: Fn(Vec<(AccountId, Amount)>) -> L,
    L: Future<Output = Arc<dyn CreditLedger>>,
{
    let mut laws = Laws::default();
    holds::laws(&mut laws, &make).await;
    settlements::laws(&mut laws, &make).await;
    laws.all_hold();
}

/// What the accounts of the samples have.
const RICH: Amount = Amount::credits(10);

/// A ledger and an account in it that has [`RICH`].
async fn rich<F, L>(make: &F) -> (Port, AccountId)
where
    F: Fn(Vec<(AccountId, Amount)>) -> L,
    L: Future<Output = Port>,
{
    let account = AccountId::generate();
    (make(vec![(account, RICH)]).await, account)
}

async fn has(ledger: &Port, account: AccountId, credits: u64) {
    assert_eq!(ledger.available(account).await.unwrap(), Amount::credits(credits));
}

/// A hold of so many credits.
async fn held(ledger: &Port, account: AccountId, credits: u64) -> HoldId {
    let hold = HoldId::generate();
    ledger.hold(&HoldRequest::new(hold, account, Amount::credits(credits))).await.unwrap();
    hold
}
