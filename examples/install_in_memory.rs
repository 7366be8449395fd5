//! The whole system in one process, on a machine that is only simulated: plan, price, yes,
//! work, receipt, undo. Every part is the real one; each can be changed for another.

#![expect(clippy::print_stdout, reason = "an example prints")]

use d1_billing::PriceCatalogue;
use d1_core::{memory::*, *};
use d1_executor::{Agent, AgentParts};
use d1_orchestrator::{Catalogue, Engine, EngineParts, Hub, RecipePlanner};
use std::{error::Error, sync::Arc};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (supervisor, clock) = (Supervisor::default(), Arc::new(SystemClock::new()));
    let machine = Arc::new(MemoryMachine::new());
    machine.offer(Offer::new(Manager::Apt, "jq".parse()?, "1.7.1"));
    machine.teach("jq --version", Program::saying("jq-1.7.1"));

    // On the device: an agent, which carries out what it is ordered.
    let agent = Agent::new(AgentParts {
        device: DeviceId::generate(),
        version: "1.0".into(),
        executor: machine,
        journal: Arc::new(MemoryJournal::default()),
        audit: Arc::new(MemoryAuditLog::new("device", AuditKey::generate()?)),
        clock: clock.clone(),
        supervisor: supervisor.clone(),
    });
    let (ours, theirs) = Link::pair();
    let by = "an example";
    supervisor.spawn("agent", OnFailure::GoOn, async move { agent.serve(theirs, by).await });

    // With the orchestrator: an engine, which plans, orders and remembers.
    let (account, ledger) = (AccountId::generate(), Arc::new(MemoryLedger::default()));
    assert!(ledger.deposit(account, Amount::credits(5)));
    let hub = Hub::new(supervisor.clone(), clock.clone());
    let device = hub.attach(ours).await?;
    let engine = Engine::new(EngineParts {
        planner: Arc::new(RecipePlanner::new(Catalogue::embedded()?)),
        store: Arc::new(MemorySetupStore::default()),
        ledger: ledger.clone(),
        prices: Arc::new(PriceCatalogue::built_in(clock.clone())?),
        clock,
        hub,
        supervisor,
    });
    let install =
        Intent::Install(Install { things: vec!["jq".parse()?], from: None, hosts: Vec::new() });
    let first = SetupId::generate();
    for (id, intent) in [(first, install), (SetupId::generate(), Intent::Undo(first))] {
        let draft = engine.draft(account, device, intent).await?;
        println!("{}: {} at most", draft.plan.intent, draft.quote.most());
        engine.create(id, account, device, draft, None).await?;
        engine.approve(id).await?;
        let setup = engine.wait(id).await?;
        println!("{}: {} for {}", setup.plan.intent, setup.state.name(), setup.charge());
    }
    println!("{} left", ledger.available(account).await?);
    Ok(())
}
