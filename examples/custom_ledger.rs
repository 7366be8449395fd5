//! A ledger of your own: here one that lets no setup cost more than a cap, whatever the
//! account still has. It sits the exam of its port, and then it pays for a setup.

#![expect(clippy::print_stdout, reason = "an example prints")]

use d1_core::{
    AccountId, Amount, CapScope, CreditLedger, HoldId, HoldRequest, LedgerError, Manager,
    conformance,
    memory::{MemoryLedger, Offer},
};
use d1_orchestrator::{Catalogue, RecipePlanner};
use d1_world::World;
use std::{error::Error, sync::Arc};

/// Pays from `purse`, and never more than `cap` for one setup.
#[derive(Debug)]
struct Capped {
    purse: MemoryLedger,
    cap: Amount,
}

#[async_trait::async_trait]
impl CreditLedger for Capped {
    async fn available(&self, account: AccountId) -> Result<Amount, LedgerError> {
        self.purse.available(account).await
    }

    async fn hold(&self, hold: &HoldRequest) -> Result<(), LedgerError> {
        if hold.most > self.cap {
            let (scope, needed, left) = (CapScope::Task, hold.most, self.cap);
            return Err(LedgerError::Capped { scope, needed, left });
        }
        self.purse.hold(hold).await
    }

    async fn settle(&self, hold: HoldId, charge: Amount) -> Result<(), LedgerError> {
        self.purse.settle(hold, charge).await
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // The same laws as for every other ledger; a cap that never bites breaks none.
    conformance::ledger(async |deposits: Vec<(AccountId, Amount)>| {
        let purse = MemoryLedger::default();
        for (account, amount) in deposits {
            assert!(purse.deposit(account, amount));
        }
        Arc::new(Capped { purse, cap: Amount::micro(u64::MAX) }) as Arc<dyn CreditLedger>
    })
    .await;

    let ledger = Arc::new(Capped { purse: MemoryLedger::default(), cap: Amount::micro(500_000) });
    let world = World::new(RecipePlanner::new(Catalogue::embedded()?), ledger.clone()).await;
    assert!(ledger.purse.deposit(world.account, Amount::credits(100)));
    world.machine.offer(Offer::new(Manager::Apt, "jq".parse()?, "1.7.1"));
    let refused = world.install(&["jq"]).await;
    println!("{}", refused.err().map_or_else(String::new, |error| error.to_string()));
    println!("{} left", ledger.available(world.account).await?);
    Ok(())
}
