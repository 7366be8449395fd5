//! The package managers we speak to.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A system package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Manager {
    /// Debian and its derivatives.
    Apt,
    /// Fedora and its relatives.
    Dnf,
    /// Arch Linux.
    Pacman,
    /// openSUSE.
    Zypper,
    /// Alpine.
    Apk,
    /// Homebrew.
    Brew,
    /// Windows.
    Winget,
}

impl Manager {
    /// Every manager, in the order we would rather use them.
    pub const ALL: [Self; 7] =
        [Self::Apt, Self::Dnf, Self::Pacman, Self::Zypper, Self::Apk, Self::Brew, Self::Winget];

    /// Its name, as recipes and people write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Apt => "apt",
            Self::Dnf => "dnf",
            Self::Pacman => "pacman",
            Self::Zypper => "zypper",
            Self::Apk => "apk",
            Self::Brew => "brew",
            Self::Winget => "winget",
        }
    }

    /// Whether changing packages takes administrator rights.
    #[must_use]
    pub const fn needs_root(self) -> bool {
        match self {
            Self::Apt | Self::Dnf | Self::Pacman | Self::Zypper | Self::Apk => true,
            Self::Brew | Self::Winget => false,
        }
    }
}

impl fmt::Display for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no manager we know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a package manager; use apt, dnf, pacman, zypper, apk, brew or winget")]
pub struct UnknownManager(String);

impl FromStr for Manager {
    type Err = UnknownManager;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|manager| manager.as_str() == s);
        known.ok_or_else(|| UnknownManager(s.chars().take(32).collect()))
    }
}
