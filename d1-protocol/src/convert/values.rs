//! The small steps every conversion is made of.

use crate::{WireError, limits::MAX_LINE_BYTES};
use bytes::Bytes;
use d1_core::Digest;
use std::{collections::BTreeMap, fmt::Display, str::FromStr, time::Duration};

/// Something that can be written. Always succeeds.
pub(crate) trait ToWire {
    /// Its form on the wire.
    type Wire;
    /// Its form on the wire.
    fn to_wire(&self) -> Self::Wire;
}

/// Something that can be read, and refused.
pub(crate) trait FromWire: Sized {
    /// Its form on the wire.
    type Wire;
    /// What it says, or the first reason it says nothing.
    fn from_wire(wire: Self::Wire) -> Result<Self, WireError>;
}

/// Two enums of the same values; the wire's has an additional `Unspecified`.
macro_rules! mirror {
    ($core:ty, $wire:ty, $field:literal, { $($value:ident),* $(,)? }) => {
        impl $crate::convert::ToWire for $core {
            type Wire = i32;
            fn to_wire(&self) -> i32 {
                match self { $(Self::$value => <$wire>::$value as i32),* }
            }
        }

        impl $crate::convert::FromWire for $core {
            type Wire = i32;
            fn from_wire(number: i32) -> Result<Self, $crate::WireError> {
                match <$wire>::try_from(number) {
                    $(Ok(<$wire>::$value) => Ok(Self::$value),)*
                    Ok(<$wire>::Unspecified) | Err(_) => {
                        Err($crate::WireError::Missing { field: $field })
                    }
                }
            }
        }
    };
}
pub(super) use mirror;

pub(super) fn invalid(field: &'static str, why: impl Display) -> WireError {
    WireError::Invalid { field, why: why.to_string() }
}

/// A text of at most `max` bytes.
pub(super) fn text(field: &'static str, max: usize, given: String) -> Result<String, WireError> {
    if given.len() > max {
        return Err(WireError::TooLong { field, given: given.len(), max });
    }
    Ok(given)
}

/// A text on one line.
pub(super) fn line(field: &'static str, given: String) -> Result<String, WireError> {
    text(field, MAX_LINE_BYTES, given)
}

/// A name, an identifier, a path: anything that has to pass its own check.
pub(super) fn parsed<T: FromStr<Err: Display>>(
    field: &'static str,
    given: &str,
) -> Result<T, WireError> {
    if given.len() > MAX_LINE_BYTES {
        return Err(WireError::TooLong { field, given: given.len(), max: MAX_LINE_BYTES });
    }
    given.parse().map_err(|why| invalid(field, why))
}

/// The same, where an empty text stands for nothing.
pub(super) fn parsed_unless_empty<T: FromStr<Err: Display>>(
    field: &'static str,
    given: &str,
) -> Result<Option<T>, WireError> {
    if given.is_empty() { Ok(None) } else { parsed(field, given).map(Some) }
}

/// At most `max` names.
pub(super) fn all_parsed<T: FromStr<Err: Display>>(
    field: &'static str,
    max: usize,
    given: &[String],
) -> Result<Vec<T>, WireError> {
    counted(field, max, given.len())?;
    given.iter().map(|one| parsed(field, one)).collect()
}

/// At most `max` texts of at most `max_bytes` each.
pub(super) fn texts(
    field: &'static str,
    max: usize,
    max_bytes: usize,
    given: Vec<String>,
) -> Result<Vec<String>, WireError> {
    counted(field, max, given.len())?;
    given.into_iter().map(|one| text(field, max_bytes, one)).collect()
}

/// At most `max` nouns.
pub(super) fn list<T: FromWire>(
    field: &'static str,
    max: usize,
    given: Vec<T::Wire>,
) -> Result<Vec<T>, WireError> {
    counted(field, max, given.len())?;
    given.into_iter().map(T::from_wire).collect()
}

/// At most `max` variables.
pub(super) fn env(
    field: &'static str,
    max: usize,
    given: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, WireError> {
    counted(field, max, given.len())?;
    Ok(given)
}

/// Something that has to be there.
pub(super) fn required<T: FromWire>(
    field: &'static str,
    given: Option<T::Wire>,
) -> Result<T, WireError> {
    T::from_wire(given.ok_or(WireError::Missing { field })?)
}

/// Something that may be there.
pub(super) fn optional<T: FromWire>(given: Option<T::Wire>) -> Result<Option<T>, WireError> {
    given.map(T::from_wire).transpose()
}

/// A digest: exactly 32 bytes.
pub(super) fn digest(field: &'static str, given: &Bytes) -> Result<Digest, WireError> {
    let bytes = <[u8; 32]>::try_from(given.as_ref());
    bytes.map(Digest::from_bytes).map_err(|_| {
        let why = format!("a digest has 32 bytes, this has {}", given.len());
        WireError::Invalid { field, why }
    })
}

pub(super) fn digest_to_wire(digest: &Digest) -> Bytes {
    Bytes::copy_from_slice(digest.as_bytes())
}

pub(super) fn all_to_wire<T: ToWire>(all: &[T]) -> Vec<T::Wire> {
    all.iter().map(T::to_wire).collect()
}

pub(super) fn all_to_text<T: Display>(all: &[T]) -> Vec<String> {
    all.iter().map(T::to_string).collect()
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn counted(field: &'static str, max: usize, given: usize) -> Result<(), WireError> {
    if given > max { Err(WireError::TooMany { field, given, max }) } else { Ok(()) }
}
