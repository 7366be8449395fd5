//! Arbitrary names, identifiers, texts and numbers.

use d1_core::{AbsolutePath, Digest, Manager, TaskId, Timestamp};
use proptest::{collection::vec, prelude::*};
use std::{collections::BTreeMap, fmt::Debug, str::FromStr, time::Duration};

/// Anything that is made from text: what passes its check.
pub(crate) fn named<T: FromStr<Err: Debug> + Debug>() -> impl Strategy<Value = T> {
    "[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8})?".prop_map(|name| name.parse().unwrap())
}

pub(crate) fn path() -> impl Strategy<Value = AbsolutePath> {
    "(~|/etc)(/[a-z0-9._-]{1,8}x){1,3}".prop_map(|path| path.parse().unwrap())
}

/// Any identifier, from its random bytes.
pub(crate) fn id<T: Debug>(make: fn([u8; 16]) -> T) -> impl Strategy<Value = T> {
    any::<[u8; 16]>().prop_map(make)
}

pub(crate) fn task() -> impl Strategy<Value = TaskId> {
    id(TaskId::from_bytes)
}

/// A text on one line, of any script.
pub(crate) fn line() -> impl Strategy<Value = String> {
    ".{0,24}"
}

/// A text of several lines.
pub(crate) fn text() -> impl Strategy<Value = String> {
    "(?s).{0,48}"
}

pub(crate) fn digest() -> impl Strategy<Value = Digest> {
    vec(any::<u8>(), 0..8).prop_map(|bytes| Digest::of(&bytes))
}

pub(crate) fn at() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp)
}

/// What a duration keeps on the wire: whole milliseconds, at least one.
pub(crate) fn duration() -> impl Strategy<Value = Duration> {
    (1..14_400_000_u64).prop_map(Duration::from_millis)
}

pub(crate) fn env() -> impl Strategy<Value = BTreeMap<String, String>> {
    proptest::collection::btree_map("[A-Z_]{1,8}", line(), 0..3)
}

pub(crate) fn manager() -> impl Strategy<Value = Manager> {
    proptest::sample::select(vec![
        Manager::Apt,
        Manager::Dnf,
        Manager::Pacman,
        Manager::Zypper,
        Manager::Apk,
        Manager::Brew,
        Manager::Winget,
    ])
}

/// A few of something.
pub(crate) fn few<T: Debug>(one: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    vec(one, 0..4)
}
