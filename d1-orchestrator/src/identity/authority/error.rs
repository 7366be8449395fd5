//! Why there is no authority to work with.

use d1_core::KeyStoreError;
use std::error::Error;

/// Why there is no authority to work with, or a certificate is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// They cannot be read or saved.
    #[error(transparent)]
    Store(#[from] KeyStoreError),
    /// What is kept is not a key, or none can be made.
    #[error("an authority cannot be used; withdraw it, and a new one is made")]
    Unusable(#[source] Box<dyn Error + Send + Sync>),
    /// There is none of this name.
    #[error("there is no authority `{0}`")]
    Unknown(String),
    /// Not every device has heard of the next one.
    #[error("the next authority is not known to every device yet; ask again in {hours} h")]
    TooSoon {
        /// In how many hours.
        hours: u64,
    },
    /// What somebody shows is no certificate of a device of ours.
    #[error("this is no certificate of a device; it is {0}")]
    NoDevice(&'static str),
}

impl AuthorityError {
    pub(super) fn unusable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unusable(cause.into())
    }
}
