//! Planners: the one with a table, and ones with one flaw each.

use crate::broken_laws;
use d1_core::{
    Action, Answer, Argv, Exec, Facts, Install, Intent, Os, PlanError, Planned, Planner, Query,
    Source, Step, ThingName,
    conformance::{self, Orders},
    memory::TablePlanner,
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// What is wrong with a planner.
#[derive(Clone, Copy, Debug)]
enum Flaw {
    AsksForever,
    AsksAgain,
    AsksNothing,
    InsistsOnAnAnswer,
    ChangesItsMind,
    PlansNonsense,
    PlansSomethingElse,
    PlansNothing,
    LeavesOutTheUnknown,
    NamesTheWrongThing,
    SuggestsTheUnknown,
}

use Flaw as F;

/// Each flaw, and the laws that it breaks.
const CASES: [(F, &[&str]); 11] = [
    (
        F::AsksForever,
        &[
            "what_is_known_has_a_plan",
            "a_plan_carries_out_what_was_asked",
            "every_plan_is_valid",
            "the_same_words_give_the_same_plan",
            "asking_comes_to_an_end",
            "a_machine_that_knows_nothing_ends_the_asking",
            "what_nobody_knows_is_refused_by_name",
            "one_unknown_thing_stops_the_whole",
        ],
    ),
    (F::AsksAgain, &["nothing_is_asked_twice"]),
    (F::AsksNothing, &["nothing_is_asked_twice"]),
    (F::InsistsOnAnAnswer, &["a_machine_that_knows_nothing_ends_the_asking"]),
    (F::ChangesItsMind, &["the_same_words_give_the_same_plan"]),
    (F::PlansNonsense, &["every_plan_is_valid"]),
    (F::PlansSomethingElse, &["a_plan_carries_out_what_was_asked"]),
    (F::PlansNothing, &["what_is_known_has_a_plan"]),
    (F::LeavesOutTheUnknown, &["one_unknown_thing_stops_the_whole"]),
    (F::NamesTheWrongThing, &["what_nobody_knows_is_refused_by_name"]),
    (F::SuggestsTheUnknown, &["what_nobody_knows_is_refused_by_name"]),
];

fn table() -> TablePlanner {
    TablePlanner::new()
        .knowing(thing("jq"), vec![step("jq")])
        .unless(thing("jq"), "jq".parse().unwrap())
        .knowing(thing("docker"), vec![step("engine"), step("service")])
}

fn thing(name: &str) -> ThingName {
    name.parse().unwrap()
}

fn step(id: &str) -> Step {
    let argv = Argv::new(["true"]).unwrap();
    let action = Action::Exec(Exec { argv, cwd: None, env: BTreeMap::new() });
    Step::new(id.parse().unwrap(), format!("Install {id}"), action)
}

fn orders(planner: Arc<dyn Planner>) -> Orders {
    Orders {
        planner,
        facts: Facts::bare(Os::Linux),
        answer: Arc::new(|_: &Query| Answer::Command(None)),
        known: vec![thing("jq"), thing("docker")],
        unknown: thing("dokcer"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_planner_with_a_table_obeys_every_law() {
    conformance::planner(|| async { orders(Arc::new(table())) }).await;
}

#[tokio::test(start_paused = true)]
async fn a_broken_planner_fails_its_exam_by_the_right_laws() {
    for (flaw, expected) in CASES {
        let plans = Arc::new(AtomicU64::new(0));
        let make = || {
            let plans = Arc::clone(&plans);
            async move { orders(Arc::new(FlawedPlanner { inner: table(), flaw, plans })) }
        };
        assert_eq!(broken_laws(conformance::planner(make)).await, expected, "{flaw:?}");
    }
}

async fn plan(things: &[&str], from: Option<Source>, facts: &Facts) -> Result<Planned, PlanError> {
    let things = things.iter().map(|name| thing(name)).collect();
    table().plan(&Intent::Install(Install { things, from, hosts: Vec::new() }), facts).await
}

#[tokio::test]
async fn what_the_machine_has_needs_no_steps() {
    let query = Query::Command("jq".parse().unwrap());
    let mut facts = Facts::bare(Os::Linux);
    assert_eq!(plan(&["jq"], None, &facts).await, Ok(Planned::Ask(vec![query.clone()])));
    facts.answers.insert(query, Answer::Command(Some("/usr/bin/jq".into())));
    let Ok(Planned::Plan(plan)) = plan(&["jq"], None, &facts).await else { panic!("no plan") };
    assert_eq!(plan.steps, []);
}

#[tokio::test]
async fn a_name_that_is_close_is_suggested() {
    let unknown = plan(&["dokcer"], None, &Facts::bare(Os::Linux)).await;
    let near = vec!["docker".to_owned()];
    assert_eq!(unknown, Err(PlanError::Unknown { thing: thing("dokcer"), near }));
    let nothing_like_it = plan(&["zzzzzz"], None, &Facts::bare(Os::Linux)).await;
    assert_eq!(nothing_like_it, Err(PlanError::Unknown { thing: thing("zzzzzz"), near: vec![] }));
}

#[tokio::test]
async fn a_table_knows_no_other_sources() {
    let refused = plan(&["docker"], Some(Source::Npm), &Facts::bare(Os::Linux)).await;
    assert!(matches!(refused, Err(PlanError::Unsupported { .. })), "{refused:?}");
}

#[derive(Debug)]
struct FlawedPlanner {
    inner: TablePlanner,
    flaw: Flaw,
    plans: Arc<AtomicU64>,
}

#[async_trait::async_trait]
impl Planner for FlawedPlanner {
    async fn plan(&self, intent: &Intent, facts: &Facts) -> Result<Planned, PlanError> {
        let asked = facts.answers.iter().count();
        let another = || Query::Command(format!("tool{asked}").parse().unwrap());
        let clueless = facts.answers.iter().any(|(_, one)| matches!(one, Answer::Unknown(_)));
        match self.flaw {
            F::AsksForever => return Ok(Planned::Ask(vec![another()])),
            F::AsksNothing
                if asked == 0 && self.plans.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) =>
            {
                return Ok(Planned::Ask(Vec::new()));
            }
            F::InsistsOnAnAnswer if clueless => return Ok(Planned::Ask(vec![another()])),
            F::AsksAgain if self.plans.fetch_add(1, Ordering::SeqCst) % 3 == 1 => {
                let again = facts.answers.iter().map(|(query, _)| query.clone());
                return Ok(Planned::Ask(again.collect()));
            }
            _ => {}
        }
        let Intent::Install(install) = intent else { return self.inner.plan(intent, facts).await };
        let mut install = install.clone();
        if matches!(self.flaw, F::LeavesOutTheUnknown) && install.things.len() > 1 {
            install.things.retain(|name| *name != thing("dokcer"));
        }
        match self.inner.plan(&Intent::Install(install), facts).await {
            Ok(Planned::Plan(mut plan)) => {
                match self.flaw {
                    F::ChangesItsMind => {
                        let number = self.plans.fetch_add(1, Ordering::SeqCst);
                        plan.sources.push(format!("plan {number}"));
                    }
                    F::PlansNonsense => plan.steps.extend(plan.steps.clone()),
                    F::PlansSomethingElse => {
                        let things = vec![thing("vim")];
                        plan.intent =
                            Intent::Install(Install { things, from: None, hosts: Vec::new() });
                    }
                    F::PlansNothing => plan.steps.clear(),
                    _ => {}
                }
                Ok(Planned::Plan(plan))
            }
            Err(PlanError::Unknown { thing: unknown, near }) => Err(match self.flaw {
                F::NamesTheWrongThing => PlanError::Unknown { thing: thing("vim"), near },
                F::SuggestsTheUnknown => {
                    let near = vec![unknown.to_string()];
                    PlanError::Unknown { thing: unknown, near }
                }
                _ => PlanError::Unknown { thing: unknown, near },
            }),
            other => other,
        }
    }
}
