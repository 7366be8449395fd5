//! What a limit on spending counts.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a limit on spending counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CapScope {
    /// Each piece of work by itself.
    Task,
    /// Each device, each day.
    Device,
    /// Everything in a day; days change at midnight in UTC.
    Day,
    /// Everything there ever is.
    Account,
    /// Everything that the accounts of an organisation spend in a day.
    Organisation,
}

impl CapScope {
    /// As it stands in addresses and on command lines.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Device => "device",
            Self::Day => "day",
            Self::Account => "account",
            Self::Organisation => "organisation",
        }
    }
}

impl fmt::Display for CapScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
