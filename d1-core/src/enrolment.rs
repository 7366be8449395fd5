//! A device that enrolled: how it stands, and what the certificate that it shows says of it.
//!
//! ```text
//!   one-time token ──▶ active ──────────────▶ revoked
//!                        │  ▲ renewed, recovered
//!                        └──▶ locked ───────▶ revoked
//!            a certificate that was replaced comes back: its identity is there twice
//! ```
//!
//! 1. Each renewal counts one generation on, and its certificate replaces the one before.
//! 2. The answer to a renewal can be lost, so the one before is good until the new one was seen,
//!    and whoever renews it for the same key gets the same answer again.
//! 3. Any other certificate of an earlier generation is a copy that was left behind: which of
//!    the two is the device nobody can tell, so that both are locked out.
//! 4. A new one-time token enrols a locked or revoked device again; what it had before is then
//!    nothing more than unknown.

use crate::{AccountId, DeviceId, Digest, Timestamp, UserId};
use std::fmt;

/// A one-time token by which one device may enrol. The secret itself is kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentToken {
    /// The digest of the secret.
    pub secret: Digest,
    /// Whose the device will be.
    pub account: AccountId,
    /// Who made it; nobody stands behind the development token.
    pub by: Option<UserId>,
    /// Until when it is good.
    pub ends: Timestamp,
}

impl EnrolmentToken {
    /// How many of an account may be open at once.
    pub const MOST: usize = 100;
    /// How many digits its name has.
    const NAME: usize = 16;

    /// What it is called by: the beginning of its digest, from which nobody comes to what lets in.
    #[must_use]
    pub fn name(&self) -> String {
        let mut name = self.secret.to_string();
        name.truncate(Self::NAME);
        name
    }
}

/// How an enrolled device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EnrolmentStage {
    /// It links and renews.
    Active,
    /// Its identity was seen twice: neither of the two gets in.
    Locked,
    /// Somebody has taken its identity back.
    Revoked,
}

impl EnrolmentStage {
    /// Every stage.
    pub const ALL: [Self; 3] = [Self::Active, Self::Locked, Self::Revoked];

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Locked => "locked",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for EnrolmentStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A certificate that was given to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The how-manieth of this device it is; the first is one.
    pub generation: u64,
    /// Its serial number, as hexadecimal digits.
    pub serial: String,
    /// The digest of its public key, as a `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7).
    pub key: Digest,
    /// The certificate, as DER.
    pub certificate: Vec<u8>,
    /// Until when it is good.
    pub ends: Timestamp,
}

/// A device that enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// Which device.
    pub device: DeviceId,
    /// Whose it is.
    pub account: AccountId,
    /// How it stands.
    pub stage: EnrolmentStage,
    /// Since when it stands so.
    pub since: Timestamp,
    /// The public key that it keeps over all renewals, as a `SubjectPublicKeyInfo`.
    pub bound_key: Vec<u8>,
    /// The generation it enrolled with; those below are of an earlier enrolment.
    pub first: u64,
    /// Its certificate.
    pub current: Issued,
    /// The digest of the certificate before, while the current one was not seen yet.
    pub previous: Option<Digest>,
    /// How often it has recovered since it last renewed.
    pub recoveries: u32,
    /// How often this was changed; zero when it is not kept yet.
    pub version: u64,
}

/// What a certificate that somebody shows is, beside what is on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The device's own.
    Current,
    /// The one before, and the device may not have heard of the current one.
    Previous,
    /// One that was replaced, and the device knows that: somebody has a copy.
    Copied,
    /// None that is on record, or one of an earlier enrolment.
    Unknown,
    /// The device is locked.
    Locked,
    /// The device is revoked.
    Revoked,
}

/// What is done when somebody wants the next certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// They get one of this generation.
    Next(u64),
    /// They have it already, and get it again: the answer was lost.
    Again,
    /// They get none.
    Refused(Shown),
}

impl Enrolment {
    /// What a certificate of this generation with this digest is.
    #[must_use]
    pub fn standing(&self, generation: u64, certificate: Digest) -> Shown {
        match self.stage {
            EnrolmentStage::Revoked => return Shown::Revoked,
            EnrolmentStage::Locked => return Shown::Locked,
            EnrolmentStage::Active => {}
        }
        if generation < self.first || generation > self.current.generation {
            return Shown::Unknown;
        }
        if generation == self.current.generation {
            let is_it = Digest::of(&self.current.certificate) == certificate;
            return if is_it { Shown::Current } else { Shown::Unknown };
        }
        let is_one_before = generation + 1 == self.current.generation;
        if is_one_before && self.previous == Some(certificate) {
            return Shown::Previous;
        }
        Shown::Copied
    }

    /// What somebody gets who shows this certificate and wants one for the key of this digest.
    #[must_use]
    pub fn renewal(&self, generation: u64, certificate: Digest, key: Digest) -> Renewal {
        match self.standing(generation, certificate) {
            Shown::Current => Renewal::Next(self.current.generation + 1),
            Shown::Previous if self.current.key == key => Renewal::Again,
            // The device asks again with the same key, so somebody else has asked before.
            Shown::Previous => Renewal::Refused(Shown::Copied),
            standing @ (Shown::Copied | Shown::Unknown | Shown::Locked | Shown::Revoked) => {
                Renewal::Refused(standing)
            }
        }
    }

    /// What somebody gets who has proven to hold the bound key, says that this was their last
    /// generation, and wants a certificate for the key of this digest.
    #[must_use]
    pub fn recovery(&self, generation: u64, key: Digest) -> Renewal {
        match self.stage {
            EnrolmentStage::Revoked => return Renewal::Refused(Shown::Revoked),
            EnrolmentStage::Locked => return Renewal::Refused(Shown::Locked),
            EnrolmentStage::Active => {}
        }
        let current = self.current.generation;
        if generation < self.first || generation > current {
            return Renewal::Refused(Shown::Unknown);
        }
        if generation == current {
            return Renewal::Next(current + 1);
        }
        if generation + 1 == current && self.previous.is_some() && self.current.key == key {
            return Renewal::Again;
        }
        Renewal::Refused(Shown::Copied)
    }

    /// The digests of the keys by which it is known: none of another device may be among them.
    #[must_use]
    pub fn keys(&self) -> [Digest; 2] {
        [Digest::of(&self.bound_key), self.current.key]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issued(generation: u64) -> Issued {
        let name = generation.to_string();
        Issued {
            generation,
            serial: name.clone(),
            key: Digest::of(format!("key {name}").as_bytes()),
            certificate: name.into_bytes(),
            ends: Timestamp(1_000),
        }
    }

    /// A device that enrolled with its third certificate and has its fifth.
    fn device() -> Enrolment {
        Enrolment {
            device: DeviceId::from_bytes([1; 16]),
            account: AccountId::from_bytes([2; 16]),
            stage: EnrolmentStage::Active,
            since: Timestamp(1),
            bound_key: b"bound".to_vec(),
            first: 3,
            current: issued(5),
            previous: Some(Digest::of(&issued(4).certificate)),
            recoveries: 0,
            version: 1,
        }
    }

    fn shown(device: &Enrolment, generation: u64) -> Shown {
        device.standing(generation, Digest::of(&issued(generation).certificate))
    }

    #[test]
    fn what_was_replaced_is_a_copy_once_the_new_one_was_seen() {
        let mut device = device();
        let all = |device: &Enrolment| [1, 2, 3, 4, 5, 6].map(|it| shown(device, it));
        use Shown::{Copied, Current, Locked, Previous, Revoked, Unknown};
        assert_eq!(all(&device), [Unknown, Unknown, Copied, Previous, Current, Unknown]);
        device.previous = None;
        assert_eq!(all(&device), [Unknown, Unknown, Copied, Copied, Current, Unknown]);
        device.stage = EnrolmentStage::Locked;
        assert_eq!(all(&device), [Locked; 6]);
        device.stage = EnrolmentStage::Revoked;
        assert_eq!(all(&device), [Revoked; 6]);
    }

    #[test]
    fn a_certificate_of_the_right_number_that_is_not_on_record_is_unknown() {
        assert_eq!(device().standing(5, Digest::of(b"forged")), Shown::Unknown);
    }

    #[test]
    fn a_lost_answer_is_given_again_to_the_same_key_alone() {
        let (device, old) = (device(), Digest::of(&issued(4).certificate));
        assert_eq!(device.renewal(4, old, issued(5).key), Renewal::Again);
        let other = device.renewal(4, old, Digest::of(b"other"));
        assert_eq!(other, Renewal::Refused(Shown::Copied));
        let now = Digest::of(&issued(5).certificate);
        assert_eq!(device.renewal(5, now, Digest::of(b"new")), Renewal::Next(6));
    }

    #[test]
    fn whoever_recovers_says_the_last_generation_or_is_a_copy() {
        let mut device = device();
        assert_eq!(device.recovery(5, Digest::of(b"new")), Renewal::Next(6));
        assert_eq!(device.recovery(4, issued(5).key), Renewal::Again);
        let copied = Renewal::Refused(Shown::Copied);
        assert_eq!(device.recovery(4, Digest::of(b"other")), copied);
        assert_eq!(device.recovery(3, issued(5).key), copied);
        assert_eq!(device.recovery(2, issued(5).key), Renewal::Refused(Shown::Unknown));
        assert_eq!(device.recovery(9, issued(5).key), Renewal::Refused(Shown::Unknown));
        device.stage = EnrolmentStage::Revoked;
        assert_eq!(device.recovery(5, Digest::of(b"new")), Renewal::Refused(Shown::Revoked));
    }
}
