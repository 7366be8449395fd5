//! Identifiers: one type per thing, so that they cannot be swapped.
//!
//! Those by which databases get many new rows a second begin with the time (version 7 of RFC
//! 9562): new rows stand side by side, on few pages. The others are random, and their first
//! digits tell them apart.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident $made:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh identifier.
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::$made())
            }

            /// The identifier made of these bytes; simulations bring their own randomness.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
            }

            /// The bytes that it consists of.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
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
    AccountId new_v4,
    /// One enrolled machine.
    DeviceId new_v4,
    /// One approved plan on its way through one device.
    SetupId new_v4,
    /// One step of one setup, handed to one device.
    TaskId new_v4,
    /// Credits set aside for one setup.
    HoldId now_v7,
    /// One price that binds for a while.
    QuoteId now_v7,
    /// One question to a device and the answer to it.
    RequestId new_v4,
    /// A person who signs in.
    UserId new_v4,
    /// One sign-in, until it is signed out.
    SessionId new_v4,
    /// One server among many, for as long as its process lives.
    NodeId new_v4,
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
    /// same one, however often it is asked for. It begins with the time at which the setup was
    /// made, as a fresh one would.
    #[must_use]
    pub fn of_run(setup: SetupId, made: Timestamp, resumed: u32) -> Self {
        let digest = Sha256::new()
            .chain_update(b"d1 hold\0")
            .chain_update(setup.0.as_bytes())
            .chain_update(resumed.to_be_bytes())
            .finalize();
        let mut bytes = [0; 16];
        let (time, rest) = bytes.split_at_mut(6);
        time.copy_from_slice(&made.0.to_be_bytes()[2..]);
        rest.copy_from_slice(&digest[..10]);
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
    fn each_run_of_a_setup_has_its_own_hold_which_begins_with_the_time() {
        let (setup, made) = (SetupId::from_bytes([1; 16]), Timestamp(0x0123_4567_89ab));
        let hold = HoldId::of_run(setup, made, 0);
        assert_eq!(hold, HoldId::of_run(setup, made, 0));
        assert_ne!(hold, HoldId::of_run(setup, made, 1));
        assert!(hold.to_string().starts_with("01234567-89ab-8"), "{hold}");
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
