//! Identifiers of the ledger, and the key that makes an operation count once.

use d1_core::{AccountId, HoldId, QuoteId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// How many bytes at its beginning say when an identifier was made.
const TIME: usize = 6;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh identifier. It begins with the time (version 7 of RFC 9562), so that new
            /// rows stand side by side, on few pages of a database.
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
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
    /// The key that these words always give about a hold: its neighbour, when the hold begins
    /// with a time.
    #[must_use]
    pub fn about(hold: HoldId, words: &[&str]) -> Self {
        Self(beside(hold.as_bytes(), words))
    }

    /// The key under which a quote is made.
    pub(crate) fn of_quote(quote: QuoteId) -> Self {
        Self(beside(quote.as_bytes(), &["quote"]))
    }

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
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest(&[], words)[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The same about something that has a name: it begins as that does, where the time stands.
fn beside(name: &[u8; 16], words: &[&str]) -> Uuid {
    let mut bytes = *name;
    bytes[TIME..].copy_from_slice(&digest(name, words)[TIME..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn digest(name: &[u8], words: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"d1 billing\0");
    hash.update(name);
    for word in words {
        hash.update((word.len() as u64).to_be_bytes());
        hash.update(word);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::Key;
    use d1_core::HoldId;

    #[test]
    fn other_words_make_another_key() {
        assert_eq!(Key::of(&["settle", "1"]), Key::of(&["settle", "1"]));
        assert_ne!(Key::of(&["settle", "1"]), Key::of(&["settle1"]));
        assert_ne!(Key::of(&["ab", "c"]), Key::of(&["a", "bc"]));
    }
    #[test]
    fn a_key_about_a_hold_is_its_neighbour_and_of_no_other() {
        let (hold, other) = (HoldId::generate(), HoldId::generate());
        let key = Key::about(hold, &["settle"]);
        assert_eq!(key, Key::about(hold, &["settle"]));
        assert_ne!(key, Key::about(hold, &["hold"]));
        assert_ne!(key, Key::about(other, &["settle"]));
        assert_eq!(key.to_string()[..13], hold.to_string()[..13]);
    }
}
