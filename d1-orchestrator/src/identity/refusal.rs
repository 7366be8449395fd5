//! What a program is told when it is not signed in, in the words of the RFCs.

use super::{keys::KeyError, password::PasswordError, secret::NoRandom, token::TokenError};
use d1_core::{AuditError, DirectoryError, SessionError};
use std::error::Error;

/// Why a program is not signed in, or somebody is not let in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// A parameter is missing, twice there, or makes no sense (RFC 6749 §5.2).
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// No program that we know (RFC 6749 §5.2).
    #[error("this client is not known")]
    InvalidClient,
    /// The code or token is unknown, used, over, or another program's (RFC 6749 §5.2).
    #[error("this code or token is not good, or no longer; sign in again")]
    InvalidGrant,
    /// A way to sign in that is not offered (RFC 6749 §5.2).
    #[error("tokens are not given for this kind of grant")]
    UnsupportedGrantType,
    /// A scope that there is not, or that may not be asked for like this (RFC 6749 §5.2).
    #[error("{0}")]
    InvalidScope(String),
    /// A resource that is not ours (RFC 8707 §2).
    #[error("tokens are not given for this resource")]
    InvalidTarget,
    /// The person has not decided yet (RFC 8628 §3.5).
    #[error("nobody has decided yet; ask again after the interval")]
    AuthorizationPending,
    /// Asked too soon; from now on the interval is this (RFC 8628 §3.5).
    #[error("asked too soon; ask again after {interval} s, and after as long each time")]
    SlowDown {
        /// In seconds.
        interval: u64,
    },
    /// The person said no (RFC 8628 §3.5).
    #[error("the request was declined")]
    AccessDenied,
    /// The person did not decide in time (RFC 8628 §3.5).
    #[error("the code has expired; begin again")]
    ExpiredToken,
    /// What it takes is not there: nobody is let in meanwhile.
    #[error("nobody can sign in at this moment; try again in a few seconds")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

impl SignInError {
    /// As the RFCs call it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope(_) => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown { .. } => "slow_down",
            Self::AccessDenied => "access_denied",
            Self::ExpiredToken => "expired_token",
            Self::Unavailable(_) => "temporarily_unavailable",
        }
    }
}

macro_rules! unavailable {
    ($($error:ty),*) => {$(
        impl From<$error> for SignInError {
            fn from(error: $error) -> Self {
                Self::Unavailable(error.into())
            }
        }
    )*};
}

unavailable!(
    AuditError,
    SessionError,
    DirectoryError,
    NoRandom,
    KeyError,
    PasswordError,
    serde_json::Error
);

impl From<TokenError> for SignInError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Refused(_) => Self::InvalidGrant,
            TokenError::Keys(error) => error.into(),
        }
    }
}
