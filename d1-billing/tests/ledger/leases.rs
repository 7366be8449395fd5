//! Who works without a connection spends what was leased, and pays for it once.

use crate::stage::{DAY, NOON, Stage, paid};
use d1_billing::{
    BillingError, CloseError, Lease, Operation, Outpost, REPORT_WITHIN, Refusal, Spent,
};
use d1_core::{
    AccountId, Amount, CreditLedger, HoldId, HoldRequest, LedgerError, Timestamp, conformance,
};
use std::{sync::Arc, time::Duration};

/// How long a lease lasts here.
const LASTS: Duration = Duration::from_millis(DAY);

fn lease(account: AccountId, credits: u64) -> Lease {
    let until = Timestamp(NOON).after(LASTS);
    Lease { id: HoldId::generate(), account, amount: Amount::credits(credits), until }
}

/// Somewhere without a connection, and a lease to spend there.
async fn away(stage: &Stage, account: AccountId, credits: u64) -> (Stage, Outpost, Lease) {
    let lease = stage.ledger.lease(lease(account, credits), None).await.unwrap().into_inner();
    let there = Stage::sqlite();
    let outpost = Outpost::open(there.ledger.clone(), [lease]).await.unwrap();
    (there, outpost, lease)
}

async fn hold(outpost: &Outpost, account: AccountId, credits: u64) -> Result<HoldId, LedgerError> {
    let new = HoldRequest::new(HoldId::generate(), account, Amount::credits(credits));
    outpost.hold(&new).await.map(|()| new.id)
}

/// Work of so many credits, of which so many are charged.
async fn work(outpost: &Outpost, account: AccountId, credits: u64, charge: u64) {
    let held = hold(outpost, account, credits).await.unwrap();
    outpost.settle(held, Amount::credits(charge)).await.unwrap();
}

#[tokio::test]
async fn what_was_spent_away_is_taken_once_and_the_rest_is_free_again() {
    for stage in Stage::each().await {
        let account = stage.account(100).await;
        let (there, outpost, lease) = away(&stage, account, 30).await;
        assert_eq!(stage.stands(account).await, [100, 30, 70]);
        work(&outpost, account, 20, 12).await;
        work(&outpost, account, 5, 0).await;
        work(&outpost, account, 3, 3).await;
        let spent = outpost.close(&lease).await.unwrap();
        assert_eq!(spent.charge, Amount::credits(15));
        for _ in 0..3 {
            assert_eq!(outpost.close(&lease).await.unwrap(), spent);
            stage.ledger.settle_lease(&spent).await.unwrap();
            assert_eq!(stage.stands(account).await, [85, 0, 85]);
        }
        let more = Spent { charge: Amount::credits(16), ..spent };
        let refused = stage.ledger.settle_lease(&more).await;
        assert!(matches!(refused, Err(BillingError::Refused(Refusal::KeyConflict(_)))));
        there.is_right().await;
    }
}

#[tokio::test]
async fn nobody_spends_more_than_was_leased_or_after_its_end() {
    let stage = Stage::memory();
    let (account, stranger) = (stage.account(100).await, stage.account(100).await);
    let (there, outpost, lease) = away(&stage, account, 10).await;
    let held = hold(&outpost, account, 10).await.unwrap();
    let insufficient = |refused: Result<HoldId, LedgerError>| {
        assert!(matches!(refused, Err(LedgerError::Insufficient { .. })), "{refused:?}");
    };
    insufficient(hold(&outpost, account, 1).await);
    insufficient(hold(&outpost, stranger, 1).await);
    outpost.settle(held, Amount::credits(2)).await.unwrap();
    there.clock.set(lease.until.0 - 1);
    let last = hold(&outpost, account, 3).await.unwrap();
    there.clock.set(lease.until.0);
    insufficient(hold(&outpost, account, 1).await);
    // What was set aside before the end may still be charged.
    outpost.settle(last, Amount::credits(3)).await.unwrap();
    assert_eq!(outpost.close(&lease).await.unwrap().charge, Amount::credits(5));
}

#[tokio::test]
async fn an_outpost_that_is_opened_again_goes_on_and_is_not_filled_again() {
    let stage = Stage::memory();
    let account = stage.account(100).await;
    let (there, outpost, lease) = away(&stage, account, 10).await;
    work(&outpost, account, 6, 4).await;
    let held = hold(&outpost, account, 2).await.unwrap();
    drop(outpost);
    let there = there.reopened().await;
    let outpost = Outpost::open(there.ledger.clone(), [lease]).await.unwrap();
    assert_eq!(CreditLedger::available(&outpost, account).await.unwrap(), Amount::credits(4));
    outpost.settle(held, Amount::credits(1)).await.unwrap();
    assert_eq!(outpost.close(&lease).await.unwrap().charge, Amount::credits(5));
    // Also one that is closed stays closed.
    let outpost = Outpost::open(there.ledger.clone(), [lease]).await.unwrap();
    let refused = hold(&outpost, account, 1).await.unwrap_err().to_string();
    assert!(refused.contains("frozen"), "{refused}");
}

#[tokio::test]
async fn a_lease_is_not_closed_while_work_is_not_over_and_takes_no_more_of_it() {
    let stage = Stage::memory();
    let account = stage.account(100).await;
    let (_there, outpost, lease) = away(&stage, account, 10).await;
    let held = hold(&outpost, account, 4).await.unwrap();
    let busy = outpost.close(&lease).await;
    assert!(matches!(busy, Err(CloseError::Busy(left)) if left == Amount::credits(4)), "{busy:?}");
    assert!(matches!(hold(&outpost, account, 1).await, Err(LedgerError::Denied(_))));
    outpost.settle(held, Amount::credits(4)).await.unwrap();
    assert_eq!(outpost.close(&lease).await.unwrap().charge, Amount::credits(4));
    // A next lease is another purse.
    let next = self::lease(account, 7);
    let outpost = Outpost::open(outpost.ledger().clone(), [next]).await.unwrap();
    work(&outpost, account, 7, 7).await;
    assert_eq!(outpost.close(&next).await.unwrap().charge, Amount::credits(7));
    assert_eq!(outpost.close(&lease).await.unwrap().charge, Amount::credits(4));
}

#[tokio::test]
async fn a_lease_that_is_told_of_late_is_free_until_then_and_paid_once_from_what_there_is() {
    for stage in Stage::each().await {
        let account = stage.account(30).await;
        let (_there, outpost, lease) = away(&stage, account, 20).await;
        work(&outpost, account, 9, 9).await;
        let spent = outpost.close(&lease).await.unwrap();
        let over = lease.until.after(REPORT_WITHIN);
        stage.clock.set(over.0 - 1);
        assert_eq!(stage.stands(account).await, [30, 20, 10]);
        stage.clock.set(over.0);
        let balance = stage.ledger.balance(account).await.unwrap();
        assert_eq!(balance.available, Amount::credits(30));
        // Meanwhile nearly everything is spent elsewhere.
        let elsewhere = stage.hold(account, 25).await;
        let refused = stage.ledger.settle_lease(&spent).await;
        assert!(matches!(refused, Err(BillingError::Refused(Refusal::Insufficient { .. }))));
        assert_eq!(stage.stands(account).await, [30, 25, 5]);
        let more = Spent { charge: Amount::credits(21), ..spent };
        let refused = stage.ledger.settle_lease(&more).await;
        assert!(matches!(refused, Err(BillingError::Refused(Refusal::OverHold { .. }))));
        let other = Spent { account: stage.account(100).await, ..spent };
        let refused = stage.ledger.settle_lease(&other).await;
        assert!(matches!(refused, Err(BillingError::Refused(Refusal::UnknownHold(_)))));
        stage.capture(elsewhere, 20).await;
        for _ in 0..3 {
            stage.ledger.settle_lease(&spent).await.unwrap();
            assert_eq!(stage.stands(account).await, [1, 0, 1]);
        }
    }
}

#[tokio::test]
async fn a_lease_that_cannot_be_paid_or_is_of_nothing_is_not_given() {
    for stage in Stage::each().await {
        let account = stage.account(10).await;
        let asked = async |credits| stage.ledger.lease(lease(account, credits), None).await;
        let refused = asked(11).await;
        assert!(matches!(refused, Err(BillingError::Refused(Refusal::Insufficient { .. }))));
        assert!(matches!(asked(0).await, Err(BillingError::Refused(Refusal::Nothing))));
        let lease = lease(account, 10);
        for _ in 0..3 {
            assert_eq!(stage.ledger.lease(lease, None).await.unwrap().into_inner(), lease);
        }
        stage.done(Operation::Grant(paid(account, 1))).await;
        assert_eq!(stage.stands(account).await, [11, 10, 1]);
    }
}

/// An outpost, and what it stands on for as long as it is there.
#[derive(Debug)]
struct Kept {
    outpost: Outpost,
    _stage: Stage,
}

#[async_trait::async_trait]
impl CreditLedger for Kept {
    async fn available(&self, account: AccountId) -> Result<Amount, LedgerError> {
        self.outpost.available(account).await
    }

    async fn hold(&self, hold: &HoldRequest) -> Result<(), LedgerError> {
        self.outpost.hold(hold).await
    }

    async fn settle(&self, hold: HoldId, charge: Amount) -> Result<(), LedgerError> {
        self.outpost.settle(hold, charge).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outpost_obeys_every_law_of_ledgers() {
    conformance::ledger(async |deposits: Vec<(AccountId, Amount)>| {
        let stage = Stage::sqlite();
        let leases = deposits
            .iter()
            .map(|(account, amount)| Lease { amount: *amount, ..lease(*account, 0) });
        let outpost = Outpost::open(stage.ledger.clone(), leases).await.unwrap();
        Arc::new(Kept { outpost, _stage: stage }) as Arc<dyn CreditLedger>
    })
    .await;
}
