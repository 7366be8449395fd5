//! Prepaid credits for whoever works without a connection.
//!
//! 1. While there is a connection, [`Ledger::lease`] sets credits aside for a time.
//! 2. Without one, an [`Outpost`](crate::Outpost) spends from them, and no more than them.
//! 3. With one again, [`Ledger::settle_lease`] takes what was spent, once however often it is
//!    said, and the rest is free again.
//!
//! The credits stay set aside for [`REPORT_WITHIN`] after the lease ends, so that what was
//! spent on its last day can still be told. What is never told is free again after that.

use crate::{Applied, BillingError, HoldReceipt, Key, Ledger, NewHold, Operation, Refusal, Reply};
use d1_core::{AccountId, Amount, DeviceId, HoldId, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long after its end a lease may be settled from what was set aside for it.
pub const REPORT_WITHIN: Duration = Duration::from_secs(7 * 86_400);

/// Credits that may be spent without a connection. Whoever has it keeps it until it is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Its name; the hold that pays for it has the same.
    pub id: HoldId,
    /// Who pays.
    pub account: AccountId,
    /// How much may be spent.
    pub amount: Amount,
    /// Until when.
    pub until: Timestamp,
}

/// What was spent from a lease that is closed: it does not change any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Which lease.
    pub lease: HoldId,
    /// Who pays.
    pub account: AccountId,
    /// How much.
    pub charge: Amount,
}

impl Lease {
    /// The name of the lease that an account asks for under a key of its own: the same one,
    /// however often it asks.
    #[must_use]
    pub fn name(account: AccountId, key: &str) -> HoldId {
        Key::of(&["lease of", &account.to_string(), key]).as_hold()
    }
}

impl Ledger {
    /// Sets credits aside to be spent without a connection, by a device when one is named.
    ///
    /// Said again with the same words it gives the same lease.
    pub async fn lease(
        &self,
        lease: Lease,
        device: Option<DeviceId>,
    ) -> Result<Applied<Lease>, BillingError> {
        let Lease { id, account, amount, until } = lease;
        if amount.is_zero() {
            return Err(Refusal::Nothing.into());
        }
        let until = Some(until.after(REPORT_WITHIN));
        let hold = NewHold { device, until, ..NewHold::new(id, account, amount) };
        let held = self.hold(Key::about(id, &["lease"]), hold).await?;
        Ok(held.map(|_receipt| lease))
    }

    /// Takes what was spent from a lease, and frees the rest.
    ///
    /// Of a lease whose time to be told is over, it takes what was spent from whatever the
    /// account has by then.
    pub async fn settle_lease(&self, spent: &Spent) -> Result<Applied<HoldReceipt>, BillingError> {
        let Spent { lease, account, charge } = *spent;
        let settled = self.capture(Key::about(lease, &["settle lease"]), lease, charge).await;
        if charge.is_zero() || !is_over(&settled) {
            return settled;
        }
        let leased = self.look_at(lease).await?.filter(|hold| hold.account == account);
        let held = leased.ok_or(Refusal::UnknownHold(lease))?.amount;
        if charge > held {
            return Err(Refusal::OverHold { hold: lease, charge, held }.into());
        }
        let late = NewHold::new(late(lease), account, charge);
        match self.apply(Key::about(lease, &["settle lease late"]), Operation::Charge(late)).await?
        {
            Applied::Fresh(Reply::Hold(receipt)) => Ok(Applied::Fresh(receipt)),
            Applied::Replayed(Reply::Hold(receipt)) => Ok(Applied::Replayed(receipt)),
            Applied::Fresh(Reply::Done | Reply::Granted(_))
            | Applied::Replayed(Reply::Done | Reply::Granted(_)) => {
                Err(BillingError::Damaged("a charge was answered as another is".to_owned()))
            }
        }
    }
}

fn is_over<T>(settled: &Result<T, BillingError>) -> bool {
    matches!(settled, Err(BillingError::Refused(Refusal::HoldExpired(_))))
}

/// The hold by which a lease is charged whose own has lapsed.
fn late(lease: HoldId) -> HoldId {
    Key::about(lease, &["late"]).as_hold()
}
