//! Why a device does not heed what came over a link.

use super::{Order, OrderPublicKey, trust::TOLERANCE};
use crate::{Category, DeviceId, Problem, clock::told};
use std::time::Duration;

/// Why a device does not heed what came over a link. Nothing of it was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderRefusal {
    /// More than an order has.
    #[error("an order of {given} bytes came, and none has more than {max}; update the older side", max = Order::MAX_BYTES)]
    TooLarge {
        /// How large it is.
        given: usize,
    },
    /// Something else than an order in its one form.
    #[error("what came is not an order in the form that is agreed on; update the older side")]
    Malformed,
    /// Signed, and for something else.
    #[error("what came was signed as something else than an order; look who sends it")]
    WrongType,
    /// Signed by a key that is not known here.
    #[error(
        "an order was signed by a key that this device does not know; compare d1-doctor keys list with d1-cloud order-keys list, and enrol the device again if the cloud is right"
    )]
    UnknownKey,
    /// Signed by a key that is not good any more.
    #[error(
        "an order was signed by the key {0}, which the cloud has withdrawn; look who has it, and see d1-doctor keys list"
    )]
    WithdrawnKey(OrderPublicKey),
    /// Signed by a key after its time.
    #[error(
        "an order was signed by the key {0} after another one had taken its place; see that every server of the cloud runs, and d1-doctor keys list"
    )]
    RetiredKey(OrderPublicKey),
    /// Signed in another way.
    #[error("an order names another way to sign than Ed25519; look who sends it")]
    WrongAlgorithm,
    /// Changed on its way, or signed by somebody else.
    #[error(
        "the signature of an order is not good; somebody between here and the cloud has changed it, so look who is there"
    )]
    BadSignature,
    /// For another device.
    #[error("an order for device {0} came here; look who sends it")]
    OtherDevice(DeviceId),
    /// For another link.
    #[error(
        "an order of another link came; somebody has recorded it, so look who is between here and the cloud"
    )]
    OtherLink,
    /// Again, or after a later one.
    #[error(
        "order {number} came when {last} had been there; somebody has held it back or said it again, so look who is between here and the cloud"
    )]
    OutOfOrder {
        /// Its number.
        number: u64,
        /// The highest one before.
        last: u64,
    },
    /// Heeded before, by the word of the ledger.
    #[error(
        "an order came that was heeded before; somebody has recorded it, so look who is between here and the cloud"
    )]
    Replayed,
    /// Too late.
    #[error(
        "an order came {} after its time; see that the clocks here and at the cloud are right",
        told(late)
    )]
    Expired {
        /// By how much.
        late: Duration,
    },
    /// Before it was said.
    #[error(
        "an order came {} before it was said; see that the clocks here and at the cloud are right",
        told(early)
    )]
    FromTheFuture {
        /// By how much.
        early: Duration,
    },
    /// This device does not know what time it is.
    #[error(
        "the clock of this device shows a time {} before one that the cloud told of before; set it",
        told(behind)
    )]
    ClockUntrusted {
        /// By how much.
        behind: Duration,
    },
    /// Not signed at all.
    #[error(
        "an order came that nobody has signed, and this device heeds signed ones only; see that the cloud is of this version, and d1-doctor keys list"
    )]
    Unsigned,
    /// Signed, where nobody asked for it.
    #[error(
        "a signed order came over a link on which none was asked for; start the daemon with --orders signed"
    )]
    NotAsked,
}

impl OrderRefusal {
    /// Its code, which tells it from every other one.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "D1-ORDER-001",
            Self::Malformed => "D1-ORDER-002",
            Self::WrongType => "D1-ORDER-003",
            Self::UnknownKey => "D1-ORDER-004",
            Self::WithdrawnKey(_) => "D1-ORDER-005",
            Self::RetiredKey(_) => "D1-ORDER-006",
            Self::WrongAlgorithm => "D1-ORDER-007",
            Self::BadSignature => "D1-ORDER-008",
            Self::OtherDevice(_) => "D1-ORDER-009",
            Self::OtherLink => "D1-ORDER-010",
            Self::OutOfOrder { .. } => "D1-ORDER-011",
            Self::Replayed => "D1-ORDER-012",
            Self::Expired { .. } => "D1-ORDER-013",
            Self::FromTheFuture { .. } => "D1-ORDER-014",
            Self::ClockUntrusted { .. } => "D1-ORDER-015",
            Self::Unsigned => "D1-ORDER-016",
            Self::NotAsked => "D1-ORDER-017",
        }
    }

    /// The same, told so that a person can act on it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let text = self.to_string();
        let (title, remedy) = text.split_once("; ").unwrap_or((&text, ""));
        let problem = Problem::new(self.code(), Category::Denied, title)
            .leaving("nothing of it was done, and this link is left");
        let problem = problem.next(remedy);
        match self {
            Self::Expired { .. } | Self::FromTheFuture { .. } | Self::ClockUntrusted { .. } => {
                let minutes = TOLERANCE.as_secs() / 60;
                problem.next(format!("clocks that differ by up to {minutes} min do not matter"))
            }
            Self::TooLarge { .. }
            | Self::Malformed
            | Self::WrongType
            | Self::UnknownKey
            | Self::WithdrawnKey(_)
            | Self::RetiredKey(_)
            | Self::WrongAlgorithm
            | Self::BadSignature
            | Self::OtherDevice(_)
            | Self::OtherLink
            | Self::OutOfOrder { .. }
            | Self::Replayed
            | Self::Unsigned
            | Self::NotAsked => problem,
        }
    }
}
