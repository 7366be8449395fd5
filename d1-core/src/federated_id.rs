//! A person as another provider of identities knows them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why something is not how another provider knows a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a person of another provider is told by its address and by 1 to {max} visible ASCII characters; give the `sub` that it tells of them",
    max = FederatedId::MAX_SUBJECT
)]
pub struct FederatedIdError;

/// A person as another provider of identities knows them: by the pair that OpenID Connect
/// Core 1.0 §5.7 promises never to give to anybody else. An address of mail is no such promise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct FederatedId {
    issuer: String,
    subject: String,
}

impl FederatedId {
    /// The most characters of an issuer: an address.
    pub const MAX_ISSUER: usize = 512;
    /// The most characters of a subject (OpenID Connect Core 1.0 §2).
    pub const MAX_SUBJECT: usize = 255;

    /// The person that `issuer` calls `subject`; both are compared byte by byte.
    pub fn new(
        issuer: impl Into<String>,
        subject: impl Into<String>,
    ) -> Result<Self, FederatedIdError> {
        let (issuer, subject) = (issuer.into(), subject.into());
        let fits = |text: &str, max| {
            (1..=max).contains(&text.len())
                && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        };
        let fit = fits(&issuer, Self::MAX_ISSUER) && fits(&subject, Self::MAX_SUBJECT);
        fit.then_some(Self { issuer, subject }).ok_or(FederatedIdError)
    }

    /// Who says so.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Who it is there.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

impl fmt::Display for FederatedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.subject, self.issuer)
    }
}

#[derive(Serialize, Deserialize)]
struct Parts {
    issuer: String,
    subject: String,
}

impl TryFrom<Parts> for FederatedId {
    type Error = FederatedIdError;
    fn try_from(parts: Parts) -> Result<Self, FederatedIdError> {
        Self::new(parts.issuer, parts.subject)
    }
}

impl From<FederatedId> for Parts {
    fn from(id: FederatedId) -> Self {
        Self { issuer: id.issuer, subject: id.subject }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_elsewhere_is_told_by_two_short_plain_texts() {
        let good = FederatedId::new("https://id.example", "248289761001").unwrap();
        assert_eq!((good.issuer(), good.subject()), ("https://id.example", "248289761001"));
        let longest = "x".repeat(FederatedId::MAX_SUBJECT);
        assert!(FederatedId::new("https://id.example", longest.as_str()).is_ok());
        for bad in ["", "ümlaut", "two\nlines", "\u{1b}[2J", &format!("{longest}x")] {
            assert_eq!(
                FederatedId::new("https://id.example", bad),
                Err(FederatedIdError),
                "{bad:?}"
            );
            assert_eq!(FederatedId::new("", "a"), Err(FederatedIdError));
        }
    }
}
