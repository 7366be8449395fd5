//! What a plan of a hundred steps costs: to order it, to check it, to make it of recipes.
//!
//! Promise: checking takes at most ten times an index sort of the same steps.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark")]

use d1_core::{
    Answer, Facts, IndexEntry, Install, Intent, Manager, ManagerFacts, Os, Plan, Planned, Planner,
    Query, ServiceManager, Step, StepId,
};
use d1_orchestrator::{Catalogue, RecipePlanner};
use d1_world::Contest;
use std::collections::BTreeMap;

const STEPS: usize = 100;
/// What every step waits for, as far as there is anything before it.
const EDGES: usize = 3;
const TURNS: usize = 2_000;
/// How often a planner may ask before it has to plan.
const ROUNDS: usize = 8;

/// A machine that knows every package, and has none.
fn machine() -> Facts {
    let mut facts = Facts::bare(Os::Linux);
    facts.managers = vec![ManagerFacts { manager: Manager::Apt, index_age_seconds: Some(60) }];
    facts.services = ServiceManager::Systemd;
    facts.user.name = "maya".into();
    facts
}

fn answer(query: &Query) -> Answer {
    match query {
        Query::Package { name, .. } => Answer::Packages(vec![IndexEntry {
            name: name.clone(),
            version: "1.0".into(),
            installed: None,
            summary: String::new(),
        }]),
        Query::Command(_) => Answer::Command(None),
        Query::Registry(_) => Answer::Registry { hosts: Vec::new(), folders: Vec::new() },
        Query::Provides { .. } | Query::Similar { .. } => Answer::Packages(vec![]),
    }
}

/// The facts with every answer the planner wants, and what it plans with them.
async fn gathered(planner: &RecipePlanner, intent: &Intent) -> (Facts, Plan) {
    let mut facts = machine();
    for _ in 0..ROUNDS {
        match planner.plan(intent, &facts).await.unwrap() {
            Planned::Plan(plan) => return (facts, plan),
            Planned::Ask(queries) => {
                for query in queries {
                    let answer = answer(&query);
                    facts.answers.insert(query, answer);
                }
            }
        }
    }
    panic!("the planner keeps asking");
}

/// The plan's steps as one chain of bundles: every step waits for the three before it.
fn chained(mut plan: Plan) -> Plan {
    let ids: Vec<StepId> = plan.steps.iter().map(|step| step.id.clone()).collect();
    for (at, step) in plan.steps.iter_mut().enumerate() {
        step.depends_on = ids[at.saturating_sub(EDGES)..at].to_vec();
    }
    plan
}

/// Kahn's algorithm over numbers: the least that ordering can cost.
fn index_sort(edges: &[Vec<usize>]) -> Vec<usize> {
    let mut waits: Vec<usize> = edges.iter().map(Vec::len).collect();
    let mut frees = vec![Vec::new(); edges.len()];
    for (step, before) in edges.iter().enumerate() {
        for &other in before {
            frees[other].push(step);
        }
    }
    let mut ready: Vec<usize> = (0..edges.len()).filter(|&step| waits[step] == 0).collect();
    let mut at = 0;
    while let Some(&step) = ready.get(at) {
        at += 1;
        for &next in &frees[step] {
            waits[next] -= 1;
            if waits[next] == 0 {
                ready.push(next);
            }
        }
    }
    ready
}

fn edges(steps: &[Step]) -> Vec<Vec<usize>> {
    let place: BTreeMap<&StepId, usize> =
        steps.iter().enumerate().map(|(at, step)| (&step.id, at)).collect();
    steps.iter().map(|step| step.depends_on.iter().map(|id| place[id]).collect()).collect()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let planner = RecipePlanner::new(Catalogue::embedded().unwrap());
    let things = (0..STEPS).map(|n| format!("tool-{n}").parse().unwrap()).collect();
    let intent = Intent::Install(Install { things, from: None, hosts: Vec::new() });
    let (facts, plan) = gathered(&planner, &intent).await;
    let plan = chained(plan);
    assert_eq!(plan.steps.len(), STEPS);
    let edges = edges(&plan.steps);
    let mut contest = Contest::new("a plan of 100 steps");
    for _ in 0..TURNS {
        contest.time("index sort of its numbers", || index_sort(&edges));
        contest.time("check the plan", || plan.validate()).unwrap();
        contest.wait("make the plan of recipes", planner.plan(&intent, &facts)).await.unwrap();
        contest.time("write the plan as JSON", || serde_json::to_vec(&plan).unwrap());
    }
    contest.report();
}
