//! The laws of [`Prices`].

use super::{Laws, samples::*};
use crate::{
    Action, Effect, Intent, Plan, Prices, Quote, Resource, Revert, SetupId, State, Step, TaskId,
};
use std::{collections::BTreeSet, future::Future, sync::Arc};

type Port = Arc<dyn Prices>;

/// Checks every law of [`Prices`], each on a fresh one from `make`.
pub async fn prices<F, P>(make: F)
where
    F: Fn() -> P,
    P: Future<Output = Arc<dyn Prices>>,
{
    let mut laws = Laws::default();
    laws.check("the_same_plan_costs_the_same", same(make().await, make().await)).await;
    laws.check("only_steps_of_the_plan_have_a_price", own_steps(make().await)).await;
    laws.check("undo_is_free", undo(make().await)).await;
    laws.check("looking_is_free", looking(make().await)).await;
    laws.check("a_plan_that_does_nothing_is_free", nothing(make().await)).await;
    laws.check("what_costs_something_names_its_price_list", named(make().await)).await;
    laws.all_hold();
}

/// A plan that does something of every kind that may cost something.
fn a_busy_plan() -> Plan {
    let mut plan = a_plan(&["run", "install", "write", "serve"]);
    let packages = r#"{"packages":{"manager":"apt","operation":"install","names":["jq"]}}"#;
    let file = r#"{"file":{"path":"/etc/x","change":{"write":{"content":"x","mode":null}}}}"#;
    let service = r#"{"service":{"name":"docker","change":"start"}}"#;
    for (step, action) in plan.steps[1..].iter_mut().zip([packages, file, service]) {
        step.action = serde_json::from_str(action).unwrap();
    }
    plan
}

async fn same(prices: Port, others: Port) {
    let plan = a_busy_plan();
    let quote = prices.quote(&plan);
    assert_eq!(prices.quote(&a_busy_plan()), quote);
    assert_eq!(others.quote(&plan), quote);
}

async fn own_steps(prices: Port) {
    let plan = a_busy_plan();
    let ids: BTreeSet<_> = plan.steps.iter().map(|step| step.id.clone()).collect();
    let Quote { steps, .. } = prices.quote(&plan);
    assert!(steps.keys().all(|step| ids.contains(step)), "{steps:?}");
}

async fn undo(prices: Port) {
    let resource = Resource::File("/srv/said".parse().unwrap());
    let change = crate::Change { resource, before: State::Absent, after: State::Present };
    let revert = Revert { task: TaskId::generate(), changes: vec![change] };
    let step = Step { action: Action::Revert(revert), ..a_step("undo") };
    let intent = Intent::Undo(SetupId::generate());
    let plan = Plan { intent, steps: vec![step], ..a_plan(&[]) };
    assert!(prices.quote(&plan).most().is_zero());
}

async fn looking(prices: Port) {
    let mut plan = a_busy_plan();
    plan.steps.truncate(1);
    plan.steps[0].effect = Effect::Read;
    assert!(prices.quote(&plan).most().is_zero());
}

async fn nothing(prices: Port) {
    assert!(prices.quote(&a_plan(&[])).most().is_zero());
}

async fn named(prices: Port) {
    let quote = prices.quote(&a_busy_plan());
    assert!(quote.most().is_zero() || !quote.price_list.is_empty());
}
