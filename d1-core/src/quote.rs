//! What a plan costs at most, and the [`Prices`] port that says so.

use crate::{Amount, Plan, StepId};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// What a plan costs at most, step by step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Which price list said so; empty when the work is free.
    pub price_list: String,
    /// The price of every step that has one.
    pub steps: BTreeMap<StepId, Amount>,
}

impl Quote {
    /// Nothing costs anything.
    #[must_use]
    pub fn free() -> Self {
        Self { price_list: String::new(), steps: BTreeMap::new() }
    }

    /// The price of one step.
    #[must_use]
    pub fn price_of(&self, step: &StepId) -> Amount {
        self.steps.get(step).copied().unwrap_or_default()
    }

    /// The most the whole plan can cost.
    #[must_use]
    pub fn most(&self) -> Amount {
        self.steps.values().copied().sum()
    }
}

/// Says what a plan costs. The same plan always costs the same under one price list.
pub trait Prices: fmt::Debug + Send + Sync {
    /// The most `plan` can cost. Undo, plans and diagnoses are always free.
    fn quote(&self, plan: &Plan) -> Quote;
}
