//! Credits, counted in whole millionths so that no sum is ever rounded.

use serde::{Deserialize, Serialize};
use std::{fmt, iter::Sum, str::FromStr};

/// A number of credits, in micro-credits; never negative.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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

/// Why a text is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a number of credits, like 10 or 2.5, with at most six digits after the point"
)]
pub struct AmountError(String);

impl FromStr for Amount {
    type Err = AmountError;

    /// Reads whole credits, or credits with up to six digits after a point.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        let wrong = || AmountError(text.chars().take(40).collect());
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 6 {
            return Err(wrong());
        }
        let whole: u64 = whole.parse().map_err(|_too_large| wrong())?;
        let fraction: u64 = format!("{fraction:0<6}").parse().map_err(|_not_digits| wrong())?;
        let micro = whole.checked_mul(Self::MICRO).and_then(|micro| micro.checked_add(fraction));
        micro.map(Self).ok_or_else(wrong)
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
    fn a_number_of_credits_is_read_as_it_is_told() {
        for micro in [0, 1, 10, 999_999, 1_000_000, 2_500_000, u64::MAX] {
            let told = Amount::micro(micro).to_string();
            let number = told.split(' ').next().unwrap_or_default();
            assert_eq!(number.parse(), Ok(Amount::micro(micro)), "{told}");
        }
        let not_amounts =
            ["", ".", "1.", ".5", "-1", "+1", "1e3", " 1", "0.0000001", "1,5", "18446744073710"];
        for text in not_amounts {
            assert_eq!(text.parse::<Amount>(), Err(AmountError(text.to_owned())));
        }
    }

    #[test]
    fn more_than_there_is_cannot_be_taken() {
        assert_eq!(Amount::credits(1).checked_sub(Amount::credits(2)), None);
    }
}
