//! Why a device does not enrol, or gets no other certificate.

use crate::identity::{authority::AuthorityError, secret::NoRandom};
use d1_core::{AuditError, DirectoryError, EnrolmentStoreError, Shown};
use std::error::Error;

/// Why a device does not enrol, or gets no other certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolError {
    /// The request makes no sense, or its keys are no good.
    #[error("{0}")]
    Invalid(&'static str),
    /// The token is unknown, used, over, or another account's device is asked for. Nobody is
    /// told which of these it is.
    #[error(
        "this device may not enrol by this token; ask whoever runs the cloud for another one: each is good once, for minutes"
    )]
    Refused,
    /// What is shown is not what is on record.
    #[error("{}", shown(*.0))]
    Shown(Shown),
    /// It slept for too long, or too often.
    #[error("this device has been away for too long, or too often; enrol it again")]
    TooLate,
    /// The account has as many open tokens as it may.
    #[error(transparent)]
    TooMany(EnrolmentStoreError),
    /// Somebody else changes the same device at this moment.
    #[error("the device is changed by somebody else at this moment; ask again")]
    Busy,
    /// What it takes is not there.
    #[error("nobody can enrol at this moment; try again in a few seconds")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

const fn shown(shown: Shown) -> &'static str {
    match shown {
        Shown::Current | Shown::Previous => "the certificate is good",
        Shown::Copied | Shown::Locked => {
            "this device's identity was seen twice, and is locked; enrol it again"
        }
        Shown::Unknown => "this certificate is not on record; enrol the device again",
        Shown::Revoked => "this device's identity was taken back; enrol it again",
    }
}

impl From<EnrolmentStoreError> for EnrolError {
    fn from(error: EnrolmentStoreError) -> Self {
        match error {
            EnrolmentStoreError::NoToken => Self::Refused,
            EnrolmentStoreError::TooManyTokens => Self::TooMany(error),
            EnrolmentStoreError::KeySeen => {
                Self::Invalid("the key was used before; make a new one")
            }
            EnrolmentStoreError::Stale => Self::Busy,
            // An error that is added later is no reason to let anybody in.
            other @ (EnrolmentStoreError::Backend { .. } | _) => Self::Unavailable(other.into()),
        }
    }
}

macro_rules! unavailable {
    ($($error:ty),*) => {$(
        impl From<$error> for EnrolError {
            fn from(error: $error) -> Self {
                Self::Unavailable(error.into())
            }
        }
    )*};
}

unavailable!(AuthorityError, DirectoryError, NoRandom, AuditError);
