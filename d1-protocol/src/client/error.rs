//! Why the cloud could not be asked.

use d1_core::{Category, Problem};
use std::{error::Error, time::Duration};

/// Why the cloud could not be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// It answered that it cannot.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// It answered that this was too much, or that it is busy, and when to ask again.
    #[error("{problem}")]
    Limited {
        /// What it answered.
        problem: Box<Problem>,
        /// When to ask again.
        retry_after: Duration,
    },
    /// It cannot be reached, or did not answer in time.
    #[error("the cloud cannot be reached; see that it runs, and that the address is right")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It was reached, and then said nothing for too long.
    #[error("the cloud has fallen silent; see that it runs, and ask again")]
    Silent,
    /// It answered something that makes no sense.
    #[error("the cloud's answer makes no sense; see that both are of versions that fit")]
    Nonsense(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The address is not one we may use.
    #[error(
        "`{0}` is not an address like https://d1.example; only a cloud on this machine may be asked without TLS, as http://127.0.0.1:7701"
    )]
    Address(String),
    /// The token is not one.
    #[cfg(feature = "grpc")]
    #[error("the token has signs that no token has; see the file it was read from")]
    Token,
}

/// What an error comes down to: of a connection, that a port is closed or that nobody vouches
/// for who answers, and not that a request could not be sent.
pub(super) fn deepest(error: &(dyn Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    deepest.to_string()
}

impl ClientError {
    pub(super) fn unreachable(error: reqwest::Error) -> Self {
        Self::Unreachable(Box::new(error))
    }

    /// The same, told so that a person can act on it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let text = self.to_string();
        let (title, remedy) = text.split_once("; ").unwrap_or((&text, ""));
        match self {
            Self::Refused(problem) | Self::Limited { problem, .. } => (**problem).clone(),
            Self::Unreachable(source) => Problem::new("D1-NET-001", Category::Network, title)
                .because(deepest(&**source))
                .next(remedy),
            Self::Silent => Problem::new("D1-NET-001", Category::Network, title).next(remedy),
            Self::Nonsense(source) => Problem::new("D1-NET-002", Category::Network, title)
                .because(source.to_string())
                .next(remedy),
            Self::Address(_) => Problem::new("D1-NET-003", Category::Usage, title).next(remedy),
            #[cfg(feature = "grpc")]
            Self::Token => Problem::new("D1-AUTH-002", Category::Usage, title).next(remedy),
        }
    }
}
