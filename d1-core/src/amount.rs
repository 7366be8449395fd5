//! Credits, counted in whole millionths so that no sum is ever rounded.

use serde::{Deserialize, Serialize};
use std::{fmt, iter::Sum};

/// A number of credits, in micro-credits; never negative.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Amount(u64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Micro-credits in one credit.
    pub const MICRO: u64 = 1_000_000;

    /// This many whole credits; saturates at the largest amount.
    #[must_use]
    pub const fn credits(whole: u64) -> Self {
        Self(whole.saturating_mul(Self::MICRO))
    }

    /// This many micro-credits.
    #[must_use]
    pub const fn micro(micro: u64) -> Self {
        Self(micro)
    }

    /// The amount in micro-credits.
    #[must_use]
    pub const fn as_micro(self) -> u64 {
        self.0
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or `None` when it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or `None` when `other` is more.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

impl Sum for Amount {
    /// Saturates: a sum too large to hold is too large to pay.
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.fold(0, |sum, amount| sum.saturating_add(amount.0)))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / Self::MICRO, self.0 % Self::MICRO);
        if rest == 0 {
            return write!(f, "{whole} credit{}", if whole == 1 { "" } else { "s" });
        }
        let fraction = format!("{rest:06}");
        write!(f, "{whole}.{} credits", fraction.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_told_without_rounding() {
        assert_eq!(Amount::credits(1).to_string(), "1 credit");
        assert_eq!(Amount::micro(2_500_000).to_string(), "2.5 credits");
        assert_eq!(Amount::micro(1).to_string(), "0.000001 credits");
        assert_eq!(Amount::ZERO.to_string(), "0 credits");
    }

    #[test]
    fn more_than_there_is_cannot_be_taken() {
        assert_eq!(Amount::credits(1).checked_sub(Amount::credits(2)), None);
    }
}
