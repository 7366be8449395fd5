//! Credits that are spent without a connection: set aside here, and settled when it is back.

use crate::credits::{Credits, problem};
use d1_billing::{
    BillingError, HoldReceipt, HoldState, Lease, REPORT_WITHIN, Refusal as No, Spent,
};
use d1_core::{AccountId, Amount, Category, HoldId, Problem, Timestamp};
use d1_protocol::api::{LeaseRequest, LeaseView, MAX_LEASE_SECONDS, SettleRequest};
use std::time::Duration;

impl Credits {
    /// Sets credits aside. Asked again under the same key, it tells what was given then.
    pub(crate) async fn lease(
        &self,
        account: AccountId,
        key: &str,
        request: LeaseRequest,
    ) -> Result<LeaseView, Problem> {
        let LeaseRequest { amount_micro, seconds, device } = request;
        if !(1..=MAX_LEASE_SECONDS).contains(&seconds) {
            let title = format!("credits are leased for 1 to {MAX_LEASE_SECONDS} seconds");
            return Err(Problem::new("D1-API-005", Category::Usage, title)
                .because(format!("{seconds} were asked for"))
                .leaving("nothing was changed"));
        }
        if amount_micro == 0 {
            return Err(Problem::new("D1-API-005", Category::Usage, "a lease is of some credits")
                .because("none were asked for")
                .leaving("nothing was changed"));
        }
        let (id, amount) = (Lease::name(account, key), Amount::micro(amount_micro));
        let until = self.clock.now().after(Duration::from_secs(seconds));
        let lease = Lease { id, account, amount, until };
        match self.ledger.lease(lease, device).await {
            // Asked again, it ends later: what was given first counts.
            Err(BillingError::Refused(No::KeyConflict(_))) => self.given(&lease).await,
            given => {
                given.map_err(problem)?;
                self.given(&lease).await
            }
        }
    }

    /// Takes what was spent, once.
    pub(crate) async fn settle(
        &self,
        account: AccountId,
        lease: HoldId,
        request: SettleRequest,
    ) -> Result<LeaseView, Problem> {
        let known = self.ledger.look_at(lease).await.map_err(problem)?;
        // Whether it exists is nobody else's business.
        let receipt = known.filter(|hold| hold.account == account && hold.until.is_some());
        let receipt = receipt.ok_or_else(|| unknown(lease))?;
        let charge = Amount::micro(request.charged_micro);
        let settled = self.ledger.settle_lease(&Spent { lease, account, charge }).await;
        settled.map_err(problem)?;
        Ok(LeaseView { charged_micro: Some(charge.as_micro()), ..view(&receipt) })
    }

    /// The lease of this name, when it is of so much.
    async fn given(&self, lease: &Lease) -> Result<LeaseView, Problem> {
        let known = self.ledger.look_at(lease.id).await.map_err(problem)?;
        let receipt = known.ok_or_else(|| unknown(lease.id))?;
        if receipt.amount == lease.amount {
            return Ok(view(&receipt));
        }
        let title = "the Idempotency-Key was used before for a lease of another amount";
        Err(Problem::new("D1-API-002", Category::Usage, title)
            .leaving("nothing was changed")
            .next("take another key for another lease"))
    }
}

fn view(receipt: &HoldReceipt) -> LeaseView {
    let report_until = receipt.until.unwrap_or_default();
    let within = u64::try_from(REPORT_WITHIN.as_millis()).unwrap_or(u64::MAX);
    let settled = matches!(receipt.state, HoldState::Captured | HoldState::Released);
    LeaseView {
        schema: "d1.credit_lease.v1".to_owned(),
        id: receipt.hold,
        account: receipt.account,
        amount_micro: receipt.amount.as_micro(),
        until: Timestamp(report_until.0.saturating_sub(within)).0,
        report_until: report_until.0,
        charged_micro: settled.then(|| receipt.charged.as_micro()),
    }
}

fn unknown(lease: HoldId) -> Problem {
    Problem::new("D1-API-003", Category::Usage, format!("there is no lease {lease}"))
        .leaving("nothing was changed")
}
