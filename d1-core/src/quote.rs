//! What a plan costs at most, and the [`Prices`] port that says so.

use crate::{Amount, Plan, Price, StepId, TaskResult, price::round_up};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, num::NonZeroU64};

/// What a plan costs at most, step by step.
///
/// It carries all that a charge is worked out from, so that work is charged by the prices it
/// was begun with, whatever became of the price list since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Which price list said so; empty when the work is free.
    pub price_list: String,
    /// How many parts a micro-credit has, in which rates are told.
    #[serde(default = "whole")]
    pub parts: NonZeroU64,
    /// The price of every step that has one.
    pub steps: BTreeMap<StepId, Price>,
}

/// Nothing is measured, so nothing is divided.
const fn whole() -> NonZeroU64 {
    NonZeroU64::MIN
}

impl Quote {
    /// Nothing costs anything.
    #[must_use]
    pub fn free() -> Self {
        Self::fixed("", [])
    }

    /// These steps have these prices, however long they take.
    #[must_use]
    pub fn fixed(
        price_list: impl Into<String>,
        steps: impl IntoIterator<Item = (StepId, Amount)>,
    ) -> Self {
        let steps = steps.into_iter().map(|(step, flat)| (step, flat.into())).collect();
        Self { price_list: price_list.into(), parts: whole(), steps }
    }

    /// The most that one step can cost.
    #[must_use]
    pub fn price_of(&self, step: &StepId) -> Amount {
        self.most_of([step])
    }

    /// The most the whole plan can cost.
    #[must_use]
    pub fn most(&self) -> Amount {
        self.most_of(self.steps.keys())
    }

    /// The most that these steps can cost together, rounded up once.
    #[must_use]
    pub fn most_of<'a>(&self, steps: impl IntoIterator<Item = &'a StepId>) -> Amount {
        let prices = steps.into_iter().filter_map(|step| self.steps.get(step));
        self.whole(prices.map(|price| price.most(self.parts)))
    }

    /// What these steps cost together, having ended like this, rounded up once.
    #[must_use]
    pub fn charge<'a>(
        &self,
        ended: impl IntoIterator<Item = (&'a StepId, &'a TaskResult)>,
    ) -> Amount {
        let prices = ended.into_iter().filter_map(|(step, result)| {
            self.steps.get(step).map(|price| price.of(self.parts, result))
        });
        self.whole(prices)
    }

    fn whole(&self, prices: impl Iterator<Item = u128>) -> Amount {
        round_up(prices.fold(0, u128::saturating_add), self.parts)
    }
}

/// Says what a plan costs. The same plan always costs the same under one price list.
pub trait Prices: fmt::Debug + Send + Sync {
    /// The most `plan` can cost. Undo, plans and diagnoses are always free.
    fn quote(&self, plan: &Plan) -> Quote;
}
