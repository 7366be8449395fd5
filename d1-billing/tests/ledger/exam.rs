//! The ledgers sit the exam of the port that the engine uses.

use crate::stage::{Stage, paid, terms};
use d1_billing::{Ledger, Operation};
use d1_core::{AccountId, Amount, CreditLedger, HoldRequest, conformance};
use std::sync::Arc;

async fn with(stage: Stage, deposits: Vec<(AccountId, Amount)>) -> Arc<dyn CreditLedger> {
    for (account, amount) in deposits {
        stage.done(Operation::Open(terms(account))).await;
        let grant = d1_billing::Grant { amount, ..paid(account, 0) };
        stage.done(Operation::Grant(grant)).await;
    }
    Arc::new(Kept { ledger: stage.ledger.clone(), _stage: stage })
}

/// A ledger, and what it stands on for as long as it is there.
#[derive(Debug)]
struct Kept {
    ledger: Ledger,
    _stage: Stage,
}

#[async_trait::async_trait]
impl CreditLedger for Kept {
    async fn available(&self, account: AccountId) -> Result<Amount, d1_core::LedgerError> {
        self.ledger.available(account).await
    }

    async fn hold(&self, hold: &HoldRequest) -> Result<(), d1_core::LedgerError> {
        CreditLedger::hold(&self.ledger, hold).await
    }

    async fn settle(
        &self,
        hold: d1_core::HoldId,
        charge: Amount,
    ) -> Result<(), d1_core::LedgerError> {
        self.ledger.settle(hold, charge).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_in_memory_obeys_every_law() {
    conformance::ledger(|deposits| with(Stage::memory(), deposits)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_in_sqlite_obeys_every_law() {
    conformance::ledger(|deposits| with(Stage::sqlite(), deposits)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_in_postgresql_obeys_every_law() {
    let server = crate::postgres::Postgres::shared();
    conformance::ledger(async |deposits| with(Stage::postgres().await, deposits).await).await;
    drop(server);
}

#[tokio::test]
async fn a_rule_of_the_ledger_is_told_as_one() {
    for stage in Stage::each().await {
        let account = stage.account(5).await;
        stage.done(Operation::Freeze { account, frozen: true }).await;
        let hold = d1_core::HoldId::generate();
        let request = HoldRequest::new(hold, account, Amount::credits(1));
        let refused = CreditLedger::hold(&stage.ledger, &request).await;
        let text = refused.unwrap_err().to_string();
        assert_eq!(text, format!("account {account} is frozen; ask who froze it"));
    }
}
