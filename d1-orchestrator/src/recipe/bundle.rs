//! Bundles: several things under one name.

use d1_core::ThingName;
use serde::Deserialize;

/// Several recipes under one name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bundle {
    /// Its name; the file is called the same.
    pub(super) id: ThingName,
    /// One line about it.
    pub(super) summary: String,
    /// The recipes it brings. Bundles do not contain bundles.
    pub(super) things: Vec<ThingName>,
}
