//! Why a text is not a catalogue of prices.

/// Why a text is not a catalogue of prices.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PriceError {
    /// It cannot be read.
    #[error("this is no catalogue of prices: {}", source.message())]
    Syntax {
        /// What is wrong with it.
        source: Box<toml::de::Error>,
    },
    /// A list without a name could not be told from the next one.
    #[error("a price list needs a version; give it the month it begins with")]
    NoVersion,
    /// Two lists of one name.
    #[error("two price lists are called `{0}`; a version that was used never changes")]
    SameVersion(String),
    /// Two lists that begin at once.
    #[error("price lists `{0}` and `{1}` begin on the same day; let the newer one begin later")]
    SameDay(String, String),
    /// Not a day.
    #[error("price list `{version}` begins on `{given}`, which is not a day like 2026-12-01")]
    NotADay {
        /// Which list.
        version: String,
        /// What it says.
        given: String,
    },
    /// No list to begin with.
    #[error("no price list is in force yet; leave `from` out of the oldest one")]
    NoneInForce,
    /// Neither free nor priced, or both.
    #[error("`{kind}` in price list `{version}` has no price; say `free = true`, or what it costs")]
    NoPrice {
        /// Which list.
        version: String,
        /// Which kind of step.
        kind: &'static str,
    },
    /// Rates that cannot be added up exactly.
    #[error("the rates of price list `{version}` cannot be added up exactly; take rounder numbers")]
    TooFine {
        /// Which list.
        version: String,
    },
}
