//! Whole numbers in requests: `5.0` is one, to JSON Schema and to programs that know one kind of
//! number only.

use serde::{
    Deserializer,
    de::{Error, Unexpected, Visitor},
};
use std::{fmt, marker::PhantomData};

/// Above this, not every whole number can be told apart from its neighbours by such programs.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A whole number that is not below zero, however it is written.
pub(super) fn number<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: TryFrom<u64>,
    D: Deserializer<'de>,
{
    from.deserialize_u64(Whole(PhantomData))
}

/// The same, or nothing.
pub(super) fn optional<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
where
    T: TryFrom<u64>,
    D: Deserializer<'de>,
{
    from.deserialize_option(Perhaps(PhantomData))
}

struct Perhaps<T>(PhantomData<T>);

impl<'de, T: TryFrom<u64>> Visitor<'de> for Perhaps<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number that is not below zero, or nothing")
    }

    fn visit_none<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Option<T>, D::Error> {
        number(from).map(Some)
    }
}

struct Whole<T>(PhantomData<T>);

impl<T: TryFrom<u64>> Visitor<'_> for Whole<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number that is not below zero")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        T::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        if number.fract() == 0.0 && (0.0..=EXACT).contains(&number) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is whole, not below zero, and far below the largest"
            )]
            return self.visit_u64(number as u64);
        }
        Err(E::invalid_value(Unexpected::Float(number), &self))
    }
}

#[cfg(test)]
mod tests {
    use crate::api::{CapRequest, NewTokenRequest};

    fn cap(most: &str) -> Option<u64> {
        let text = format!("{{\"most_micro\":{most}}}");
        serde_json::from_str::<CapRequest>(&text).ok().map(|cap| cap.most_micro)
    }

    #[test]
    fn a_whole_number_is_one_however_it_is_written_and_nothing_else_is() {
        for (text, number) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("7.0", Some(7)),
            ("7e3", Some(7_000)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("1e300", None),
            ("7.5", None),
            ("-1", None),
            ("-1.0", None),
            ("\"7\"", None),
            ("null", None),
        ] {
            assert_eq!(cap(text), number, "{text}");
        }
        let days = |days: &str| {
            let text = format!("{{\"name\":\"x\",\"scopes\":\"\",\"days\":{days}}}");
            serde_json::from_str::<NewTokenRequest>(&text).is_ok()
        };
        assert!(days("30.0") && !days("4294967296"));
    }
}
