//! Identifiers: one type per thing, so that they cannot be swapped.

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

            /// The identifier made of these bytes; simulations bring their own randomness.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
            }

            /// The first eight hexadecimal digits: enough for a person to tell two apart.
            #[must_use]
            pub fn short(&self) -> String {
                self.0.simple().to_string()[..8].to_owned()
            }
        }

        #[cfg(feature = "openapi")]
        crate::openapi::described!($name, crate::openapi::id());

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(s).map(Self).map_err(|_not_a_uuid| IdError {
                    kind: stringify!($name),
                    given: s.chars().take(64).collect(),
                })
            }
        }
    )*};
}

id! {
    /// Who pays.
    AccountId,
    /// One enrolled machine.
    DeviceId,
    /// One approved plan on its way through one device.
    SetupId,
    /// One step of one setup, handed to one device.
    TaskId,
    /// Credits set aside for one setup.
    HoldId,
    /// One price that binds for a while.
    QuoteId,
    /// One question to a device and the answer to it.
    RequestId,
    /// A person who signs in.
    UserId,
    /// One sign-in, until it is signed out.
    SessionId,
    /// One server among many, for as long as its process lives.
    NodeId,
}

/// A string that is not an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a {kind}; copy the whole identifier, or give a unique prefix")]
pub struct IdError {
    kind: &'static str,
    given: String,
}

impl TaskId {
    /// The task that carries `step` of `setup`: always the same one, so that a
    /// command sent again after a crash is recognised.
    #[must_use]
    pub fn of_step(setup: SetupId, step: &crate::StepId) -> Self {
        let digest = Sha256::new()
            .chain_update(b"d1 task\0")
            .chain_update(setup.0.as_bytes())
            .chain_update(step.as_str())
            .finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

impl HoldId {
    /// The hold that pays for one run of `setup`, the first (0) or after it was resumed: the
    /// same one, however often it is asked for.
    #[must_use]
    pub fn of_run(setup: SetupId, resumed: u32) -> Self {
        let digest = Sha256::new()
            .chain_update(b"d1 hold\0")
            .chain_update(setup.0.as_bytes())
            .chain_update(resumed.to_be_bytes())
            .finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_step_of_the_same_setup_is_the_same_task() {
        let (a, b) = (SetupId::from_bytes([1; 16]), SetupId::from_bytes([2; 16]));
        let step: crate::StepId = "install".parse().unwrap();
        assert_eq!(TaskId::of_step(a, &step), TaskId::of_step(a, &step));
        assert_ne!(TaskId::of_step(a, &step), TaskId::of_step(b, &step));
    }

    #[test]
    fn what_is_not_an_identifier_says_so() {
        let error = "last".parse::<SetupId>().unwrap_err().to_string();
        assert_eq!(
            error,
            "`last` is not a SetupId; copy the whole identifier, or give a unique prefix"
        );
    }
}
