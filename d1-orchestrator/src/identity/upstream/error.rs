//! Why another provider could not say who somebody is.

use super::UpstreamHttpError;
use openidconnect::{
    ClaimsVerificationError, DiscoveryError, RequestTokenError, SignatureVerificationError,
    StandardErrorResponse, core::CoreErrorResponseType,
};
use std::{error::Error, fmt::Write as _};

/// What it answers when it gives no token.
type Said = StandardErrorResponse<CoreErrorResponseType>;

/// Why another provider could not say who somebody is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamError {
    /// It cannot be reached.
    #[error("the provider of identities cannot be reached; try again when it can")]
    Unreachable(#[source] UpstreamHttpError),
    /// It does not do as the standard says, or does not know us.
    #[error(
        "the provider of identities does not answer as one does: {0}; see --oidc-issuer, --oidc-client and its secret"
    )]
    Unusable(String),
    /// What it says of somebody cannot be believed.
    #[error("what the provider of identities says is not believed: {0}")]
    NotBelieved(String),
    /// It signs with a key that it did not have when we asked for its keys.
    #[error("the provider of identities signs with a key that nobody knows")]
    UnknownKey,
}

impl From<DiscoveryError<UpstreamHttpError>> for UpstreamError {
    fn from(error: DiscoveryError<UpstreamHttpError>) -> Self {
        if let DiscoveryError::Request(error) = error {
            return Self::Unreachable(error);
        }
        Self::Unusable(told(&error))
    }
}

impl From<RequestTokenError<UpstreamHttpError, Said>> for UpstreamError {
    fn from(error: RequestTokenError<UpstreamHttpError, Said>) -> Self {
        match error {
            RequestTokenError::Request(error) => Self::Unreachable(error),
            // A code that is not good is somebody's fault; a client that is not known is ours.
            RequestTokenError::ServerResponse(said)
                if *said.error() == CoreErrorResponseType::InvalidGrant =>
            {
                Self::NotBelieved("it does not know the code".into())
            }
            error @ (RequestTokenError::ServerResponse(_)
            | RequestTokenError::Parse(..)
            | RequestTokenError::Other(_)) => Self::Unusable(told(&error)),
        }
    }
}

impl From<ClaimsVerificationError> for UpstreamError {
    fn from(error: ClaimsVerificationError) -> Self {
        use ClaimsVerificationError::SignatureVerification;
        if error == SignatureVerification(SignatureVerificationError::NoMatchingKey) {
            return Self::UnknownKey;
        }
        Self::NotBelieved(told(&error))
    }
}

/// An error and what caused it, in one line and without anything that a terminal would heed.
fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // A string takes everything.
        let _never_fails = write!(text, ": {error}");
        cause = error.source();
    }
    text.escape_debug().to_string()
}
