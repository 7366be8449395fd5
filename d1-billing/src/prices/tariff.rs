//! The prices of one kind of step, as they are written, and as they are charged.

use super::PriceError;
use d1_core::{Amount, Meter, Price, Rate};
use num_integer::Integer as _;
use serde::Deserialize;
use std::num::NonZeroU64;

/// Milliseconds in a second, in which steps are measured.
const MILLIS: u64 = 1_000;

/// The finest parts that a micro-credit may be told in.
const FINEST: u64 = 1_000_000_000_000;

/// The prices of one kind of step: free, or fixed, measured, or both.
///
/// There is no price of nothing: what costs nothing says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tariff {
    #[serde(default)]
    free: bool,
    flat: Option<NonZeroU64>,
    second: Option<Measured>,
    byte: Option<Measured>,
}

/// So many micro-credits for so many units, up to a number of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Measured {
    micro_credits: NonZeroU64,
    #[serde(default = "one")]
    per: NonZeroU64,
    up_to: NonZeroU64,
}

const fn one() -> NonZeroU64 {
    NonZeroU64::MIN
}

impl Tariff {
    /// Whether it says what it costs, and only that.
    pub(super) const fn is_clear(&self) -> bool {
        let priced = self.flat.is_some() || self.second.is_some() || self.byte.is_some();
        self.free != priced
    }

    /// The parts of a micro-credit in which its rates and those before it are whole.
    pub(super) fn parts(&self, before: NonZeroU64) -> Option<NonZeroU64> {
        let mut parts = before;
        for (measured, each) in self.measured() {
            let per = measured.per.checked_mul(NonZeroU64::new(each)?)?;
            parts = common_multiple(parts, per)?;
        }
        Some(parts)
    }

    /// As it is charged, in these parts of a micro-credit.
    pub(super) fn price(&self, parts: NonZeroU64, version: &str) -> Result<Price, PriceError> {
        let flat = self.flat.map_or(0, NonZeroU64::get);
        let too_fine = || PriceError::TooFine { version: version.to_owned() };
        let meters = [Meter::Millisecond, Meter::OutputByte];
        let both = [(self.second, MILLIS), (self.byte, 1)];
        let mut rates = Vec::new();
        for (meter, (measured, each)) in meters.into_iter().zip(both) {
            let Some(Measured { micro_credits, per, up_to }) = measured else { continue };
            let rate = micro_credits.get().checked_mul(parts.get() / (per.get() * each));
            let up_to = up_to.get().checked_mul(each).ok_or_else(too_fine)?;
            rates.push(Rate { meter, parts: rate.ok_or_else(too_fine)?, up_to });
        }
        Ok(Price { flat: Amount::micro(flat), rates })
    }

    /// What is measured, and how many measured units one of its own has.
    fn measured(&self) -> impl Iterator<Item = (Measured, u64)> {
        let both = [(self.second, MILLIS), (self.byte, 1)];
        both.into_iter().filter_map(|(measured, each)| Some((measured?, each)))
    }
}

/// The least common multiple, as long as it is not too fine.
fn common_multiple(a: NonZeroU64, b: NonZeroU64) -> Option<NonZeroU64> {
    let multiple = u128::from(a.get()).lcm(&u128::from(b.get()));
    let multiple = u64::try_from(multiple).ok().filter(|multiple| *multiple <= FINEST)?;
    NonZeroU64::new(multiple)
}
