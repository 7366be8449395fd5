//! Prices: none at all, and lists with one flaw each.

use crate::broken_laws;
use d1_core::{Amount, Effect, Intent, Plan, Prices, Quote, conformance, memory::FreeOfCharge};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// What is wrong with a price list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    GrowsDearer,
    PricesOtherSteps,
    ChargesForUndo,
    ChargesForLooking,
    ChargesForNothing,
    HasNoName,
}

use Flaw as F;

/// Each flaw, and the laws that it breaks.
const CASES: [(F, &[&str]); 6] = [
    (F::GrowsDearer, &["the_same_plan_costs_the_same"]),
    (F::PricesOtherSteps, &["only_steps_of_the_plan_have_a_price"]),
    (F::ChargesForUndo, &["undo_is_free"]),
    (F::ChargesForLooking, &["looking_is_free"]),
    (F::ChargesForNothing, &["a_plan_that_does_nothing_is_free"]),
    (F::HasNoName, &["what_costs_something_names_its_price_list"]),
];

#[tokio::test]
async fn free_of_charge_obeys_every_law() {
    conformance::prices(|| async { Arc::new(FreeOfCharge) as Arc<dyn Prices> }).await;
}

#[tokio::test]
async fn a_list_of_one_credit_for_each_step_obeys_every_law() {
    conformance::prices(|| async { flawed(F::None) }).await;
}

#[tokio::test]
async fn a_broken_price_list_fails_its_exam_by_the_right_laws() {
    for (flaw, expected) in CASES {
        let broken = broken_laws(conformance::prices(|| async move { flawed(flaw) })).await;
        assert_eq!(broken, expected, "{flaw:?}");
    }
}

fn flawed(flaw: Flaw) -> Arc<dyn Prices> {
    Arc::new(FlawedPrices { flaw, asked: AtomicU64::new(1) })
}

#[derive(Debug)]
struct FlawedPrices {
    flaw: Flaw,
    asked: AtomicU64,
}

impl Prices for FlawedPrices {
    fn quote(&self, plan: &Plan) -> Quote {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        let price = Amount::credits(if self.flaw == F::GrowsDearer { asked } else { 1 });
        let undo = matches!(plan.intent, Intent::Undo(_)) && self.flaw != F::ChargesForUndo;
        let works = |effect: Effect| effect != Effect::Read || self.flaw == F::ChargesForLooking;
        let priced = plan.steps.iter().filter(|step| !undo && works(step.effect));
        let mut steps: std::collections::BTreeMap<_, _> =
            priced.map(|step| (step.id.clone(), price)).collect();
        match self.flaw {
            F::ChargesForNothing if plan.steps.is_empty() => {
                steps.insert("entry".parse().unwrap(), price);
            }
            F::PricesOtherSteps if !steps.is_empty() => {
                steps.insert("tip".parse().unwrap(), price);
            }
            _ => {}
        }
        let name = if self.flaw == F::HasNoName { "" } else { "one each" };
        Quote::fixed(name, steps)
    }
}
