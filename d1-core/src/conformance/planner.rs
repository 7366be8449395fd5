//! The laws of [`Planner`].

use super::{Laws, patiently};
use crate::{Answer, Facts, Install, Intent, Plan, PlanError, Planned, Planner, Query, ThingName};
use std::{collections::BTreeSet, future::Future, sync::Arc};

/// How often a planner may ask before it has to know.
const ROUNDS: usize = 16;

/// A planner that sits the exam, and what it can be asked for.
pub struct Orders {
    /// The planner.
    pub planner: Arc<dyn Planner>,
    /// The machine that is planned for, with no answers.
    pub facts: Facts,
    /// What that machine answers.
    pub answer: Arc<dyn Fn(&Query) -> Answer + Send + Sync>,
    /// Things that it has a plan with steps for.
    pub known: Vec<ThingName>,
    /// A thing that nobody knows.
    pub unknown: ThingName,
}

/// Checks every law of [`Planner`], each on a fresh one from `make`.
pub async fn planner<F, P>(make: F)
where
    F: Fn() -> P,
    P: Future<Output = Orders>,
{
    let mut laws = Laws::default();
    laws.check("what_is_known_has_a_plan", patiently(planned(make().await))).await;
    laws.check("a_plan_carries_out_what_was_asked", patiently(as_asked(make().await))).await;
    laws.check("every_plan_is_valid", patiently(valid(make().await))).await;
    let again = patiently(same(make().await, make().await));
    laws.check("the_same_words_give_the_same_plan", again).await;
    laws.check("asking_comes_to_an_end", patiently(asking_ends(make().await))).await;
    laws.check("nothing_is_asked_twice", patiently(asked_once(make().await))).await;
    laws.check("a_machine_that_knows_nothing_ends_the_asking", patiently(clueless(make().await)))
        .await;
    laws.check("what_nobody_knows_is_refused_by_name", patiently(unknown(make().await))).await;
    laws.check("one_unknown_thing_stops_the_whole", patiently(mixed(make().await))).await;
    laws.all_hold();
}

/// Where a planner got to, and what it asked on the way.
struct Talk {
    end: Option<Result<Plan, PlanError>>,
    asked: Vec<Vec<Query>>,
}

impl Orders {
    fn all(&self) -> Intent {
        install(self.known.clone())
    }

    /// Asks until there is a plan, an error, or no patience left.
    async fn talk(&self, intent: &Intent, answer: impl Fn(&Query) -> Answer) -> Talk {
        let (mut facts, mut asked) = (self.facts.clone(), Vec::new());
        for _ in 0..ROUNDS {
            match self.planner.plan(intent, &facts).await {
                Ok(Planned::Ask(queries)) => {
                    for query in &queries {
                        facts.answers.insert(query.clone(), answer(query));
                    }
                    asked.push(queries);
                }
                Ok(Planned::Plan(plan)) => return Talk { end: Some(Ok(plan)), asked },
                Err(error) => return Talk { end: Some(Err(error)), asked },
            }
        }
        Talk { end: None, asked }
    }

    async fn end(&self, intent: &Intent) -> Result<Plan, PlanError> {
        self.talk(intent, |query| (self.answer)(query)).await.end.unwrap()
    }
}

fn install(things: Vec<ThingName>) -> Intent {
    Intent::Install(Install { things, from: None, hosts: Vec::new() })
}

async fn planned(orders: Orders) {
    for thing in &orders.known {
        let plan = orders.end(&install(vec![thing.clone()])).await.unwrap();
        assert!(!plan.steps.is_empty(), "nothing is done for {thing}");
    }
}

async fn as_asked(orders: Orders) {
    let intent = orders.all();
    assert_eq!(orders.end(&intent).await.unwrap().intent, intent);
}

async fn valid(orders: Orders) {
    let mut intents = vec![orders.all()];
    intents.extend(orders.known.iter().map(|thing| install(vec![thing.clone()])));
    // Said twice, wanted once.
    intents.extend(orders.known.iter().map(|thing| install(vec![thing.clone(), thing.clone()])));
    for intent in intents {
        assert_eq!(orders.end(&intent).await.unwrap().validate(), Ok(()), "{intent}");
    }
}

async fn same(orders: Orders, others: Orders) {
    let plan = orders.end(&orders.all()).await.unwrap();
    assert_eq!(orders.end(&orders.all()).await.unwrap().id(), plan.id());
    assert_eq!(others.end(&orders.all()).await.unwrap(), plan);
}

async fn asking_ends(orders: Orders) {
    let talk = orders.talk(&orders.all(), |query| (orders.answer)(query)).await;
    assert!(talk.end.is_some(), "still asking after {ROUNDS} rounds: {:?}", talk.asked.last());
}

async fn asked_once(orders: Orders) {
    let talk = orders.talk(&orders.all(), |query| (orders.answer)(query)).await;
    let mut seen = BTreeSet::new();
    for queries in talk.asked {
        assert!(!queries.is_empty(), "it asks, and asks nothing");
        for query in queries {
            assert!(seen.insert(query.clone()), "{query:?} was asked before");
        }
    }
}

async fn clueless(orders: Orders) {
    let shrug = |_: &Query| Answer::Unknown("nobody knows".into());
    let talk = orders.talk(&orders.all(), shrug).await;
    assert!(talk.end.is_some(), "still asking after {ROUNDS} rounds");
}

async fn unknown(orders: Orders) {
    let refused = orders.end(&install(vec![orders.unknown.clone()])).await.unwrap_err();
    let PlanError::Unknown { thing, near } = refused.clone() else {
        panic!("{refused:?} is not what an unknown thing is refused with");
    };
    assert_eq!(thing, orders.unknown);
    assert!(!near.contains(&thing.to_string()), "it is offered as close to itself");
    assert!(refused.to_string().contains(thing.as_str()));
}

async fn mixed(orders: Orders) {
    let mut things = orders.known.clone();
    things.push(orders.unknown.clone());
    assert!(orders.end(&install(things)).await.is_err());
}
