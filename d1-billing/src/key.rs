//! Identifiers of the ledger, and the key that makes an operation count once.

use d1_core::{AccountId, HoldId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh random identifier.
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::new_v4())
            }

            /// The identifier that these words always give.
            #[must_use]
            pub fn of(words: &[&str]) -> Self {
                Self(named(words))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

id! {
    /// What makes an operation count once: chosen by the caller before it is first said, and
    /// the same each time it is said again.
    Key,
    /// One grant of credits, and what is left of it.
    LotId,
    /// One piece of news for whoever watches the accounts.
    EventId,
}

impl Key {
    /// An account of the same name.
    pub(crate) fn as_account(self) -> AccountId {
        AccountId::from_bytes(self.0.into_bytes())
    }

    /// A hold of the same name.
    pub(crate) fn as_hold(self) -> HoldId {
        HoldId::from_bytes(self.0.into_bytes())
    }
}

/// The words, told apart by their lengths, made into an identifier.
fn named(words: &[&str]) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(b"d1 billing\0");
    for word in words {
        hash.update((word.len() as u64).to_be_bytes());
        hash.update(word);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn other_words_make_another_key() {
        assert_eq!(Key::of(&["settle", "1"]), Key::of(&["settle", "1"]));
        assert_ne!(Key::of(&["settle", "1"]), Key::of(&["settle1"]));
        assert_ne!(Key::of(&["ab", "c"]), Key::of(&["a", "bc"]));
    }
}
