//! A planner of your own: whatever can turn a wish and the facts of a machine into typed
//! steps. Here a team's rules; a model of a language would stand in the same place. What it
//! plans is checked, shown, priced and undone like any other plan.

#![expect(clippy::print_stdout, reason = "an example prints")]

use d1_core::{
    Action, Amount, Facts, File, FileChange, Intent, Plan, PlanError, Planned, Planner, Step,
    ThingName, memory::MemoryLedger,
};
use d1_world::World;
use std::{error::Error, sync::Arc};

/// Knows one thing: the editor settings that everybody in the team has.
#[derive(Debug)]
struct TeamRules {
    thing: ThingName,
    step: Step,
}

#[async_trait::async_trait]
impl Planner for TeamRules {
    async fn plan(&self, intent: &Intent, _facts: &Facts) -> Result<Planned, PlanError> {
        let Intent::Install(wish) = intent else {
            return Err(PlanError::Unavailable("the engine plans undoing by itself".into()));
        };
        if let Some(other) = wish.things.iter().find(|thing| **thing != self.thing) {
            let near = vec![self.thing.to_string()];
            return Err(PlanError::Unknown { thing: other.clone(), near });
        }
        Ok(Planned::Plan(Plan {
            intent: intent.clone(),
            steps: vec![self.step.clone()],
            sources: vec!["the team's rules, 3rd edition".into()],
            follow_up: vec!["restart your editor".into()],
        }))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let write = Action::File(File {
        path: "~/.editorconfig".parse()?,
        change: FileChange::Write { content: "root = true\n".into(), mode: None },
    });
    let step = Step::new("settings".parse()?, "write our settings", write);
    let rules = TeamRules { thing: "team-settings".parse()?, step };
    let ledger = Arc::new(MemoryLedger::default());
    let world = World::new(rules, ledger.clone()).await;
    assert!(ledger.deposit(world.account, Amount::credits(1)));
    let setup = world.install(&["team-settings"]).await?;
    println!("{}: {}", setup.plan.intent, setup.state.name());
    println!("changed {}", setup.receipts[0].changes[0].resource);
    let refused = world.install(&["a-pony"]).await;
    println!("{}", refused.err().map_or_else(String::new, |error| error.to_string()));
    Ok(())
}
