//! What one step costs: a part that is fixed, and parts that are measured.

use crate::{Amount, TaskResult};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;

/// What is measured of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Meter {
    /// How long it ran, in whole milliseconds.
    Millisecond,
    /// How much it wrote, in bytes.
    OutputByte,
}

impl Meter {
    /// How many units of it a step used.
    #[must_use]
    pub fn read(self, result: &TaskResult) -> u64 {
        match self {
            Self::Millisecond => u64::try_from(result.duration.as_millis()).unwrap_or(u64::MAX),
            Self::OutputByte => result.usage.output_bytes,
        }
    }
}

/// What a measured unit costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rate {
    /// What is measured.
    pub meter: Meter,
    /// What each unit costs, in parts of a micro-credit; the quote says how many parts it has.
    pub parts: u64,
    /// How many units are charged at most; more are free.
    pub up_to: u64,
}

/// What one step costs when it succeeds by work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Form")]
pub struct Price {
    /// What it costs however long it takes.
    pub flat: Amount,
    /// What is measured beside that.
    pub rates: Vec<Rate>,
}

/// How a price is written: in full, or as a number when nothing is measured.
#[derive(Deserialize)]
#[serde(untagged)]
enum Form {
    Flat(Amount),
    Full { flat: Amount, rates: Vec<Rate> },
}

impl From<Form> for Price {
    fn from(form: Form) -> Self {
        match form {
            Form::Flat(flat) => flat.into(),
            Form::Full { flat, rates } => Self { flat, rates },
        }
    }
}

impl From<Amount> for Price {
    fn from(flat: Amount) -> Self {
        Self { flat, rates: Vec::new() }
    }
}

impl Price {
    /// The most it can be, in parts of a micro-credit.
    pub(crate) fn most(&self, parts: NonZeroU64) -> u128 {
        self.sum(parts, |rate| rate.up_to)
    }

    /// What it is for a step that ended like this, in parts of a micro-credit.
    pub(crate) fn of(&self, parts: NonZeroU64, result: &TaskResult) -> u128 {
        self.sum(parts, |rate| rate.meter.read(result).min(rate.up_to))
    }

    fn sum(&self, parts: NonZeroU64, units: impl Fn(&Rate) -> u64) -> u128 {
        let wide = |number: u64| u128::from(number);
        let flat = wide(self.flat.as_micro()) * wide(parts.get());
        let measured = self.rates.iter().map(|rate| wide(rate.parts) * wide(units(rate)));
        measured.fold(flat, u128::saturating_add)
    }
}

/// Whole micro-credits, rounded up: the one place where a charge is rounded.
pub(crate) fn round_up(sum: u128, parts: NonZeroU64) -> Amount {
    Amount::micro(u64::try_from(sum.div_ceil(u128::from(parts.get()))).unwrap_or(u64::MAX))
}
