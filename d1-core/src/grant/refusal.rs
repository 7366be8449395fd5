//! Why a device takes no grant for a step.

use super::{PlanGrant, UserPublicKey};
use crate::{Category, DeviceId, Problem, SetupId, clock::told};
use std::time::Duration;

/// Why a device takes no grant for a step. The step was not begun.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrantRefusal {
    /// There is none.
    #[error("this step needs the signature of somebody whose key this device trusts; sign it")]
    Missing,
    /// Something else than a grant in its one form.
    #[error(
        "what came with this step is no grant in the form that is agreed on; update the older side, and sign again"
    )]
    Malformed,
    /// Signed, and for something else.
    #[error(
        "what came with this step was signed as something else than a grant; look who sends it"
    )]
    WrongType,
    /// Signed by a key that is not known here.
    #[error(
        "a grant was signed by a key that this device does not trust; compare d1-doctor keys list here with d1-doctor keys make there, and trust it here if it is right"
    )]
    UnknownKey,
    /// Signed by a key that is not good any more.
    #[error(
        "a grant was signed by the key {0}, which is not trusted any more here; sign with another key"
    )]
    DistrustedKey(UserPublicKey),
    /// Signed in another way, changed, or signed by somebody else.
    #[error(
        "the signature of a grant is not good; somebody has changed it, so look who is between you and this device, and sign again"
    )]
    BadSignature,
    /// For another device.
    #[error("a grant for device {0} came here; look who sends it, and sign for this one")]
    OtherDevice(DeviceId),
    /// For another setup.
    #[error("a grant for setup {0} came with another one; look who sends it, and sign this one")]
    OtherSetup(SetupId),
    /// For another plan.
    #[error(
        "a grant came with another plan than the one that was signed; look at the plan again, and sign it"
    )]
    OtherPlan,
    /// For other steps.
    #[error("this step is not one of those that were signed; look at the plan again, and sign it")]
    OtherStep,
    /// Too late.
    #[error("a grant came {} after its time; sign again", told(late))]
    Expired {
        /// By how much.
        late: Duration,
    },
    /// Before it was signed.
    #[error(
        "a grant came {} before it was signed; see that the clocks of both machines are right",
        told(early)
    )]
    FromTheFuture {
        /// By how much.
        early: Duration,
    },
    /// For longer than any.
    #[error("a grant says that it is good for longer than {}; sign again", told(&PlanGrant::LIFE))]
    TooLong,
    /// Used before for this step.
    #[error("a grant was used before for this step; sign again to have it done again")]
    Used,
}

impl GrantRefusal {
    /// Its code, which tells it from every other one.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "D1-GRANT-001",
            Self::Malformed => "D1-GRANT-002",
            Self::WrongType => "D1-GRANT-003",
            Self::UnknownKey => "D1-GRANT-004",
            Self::DistrustedKey(_) => "D1-GRANT-005",
            Self::BadSignature => "D1-GRANT-006",
            Self::OtherDevice(_) => "D1-GRANT-007",
            Self::OtherSetup(_) => "D1-GRANT-008",
            Self::OtherPlan => "D1-GRANT-009",
            Self::OtherStep => "D1-GRANT-010",
            Self::Expired { .. } => "D1-GRANT-011",
            Self::FromTheFuture { .. } => "D1-GRANT-012",
            Self::TooLong => "D1-GRANT-013",
            Self::Used => "D1-GRANT-014",
        }
    }

    /// The same, told so that a person can act on it.
    #[must_use]
    pub fn problem(&self, setup: SetupId) -> Problem {
        let text = self.to_string();
        let (title, remedy) = text.split_once("; ").unwrap_or((&text, ""));
        Problem::new(self.code(), Category::Denied, title)
            .because("the owner of this device wants it so, whoever orders it")
            .leaving("nothing was changed by this step")
            .next(remedy)
            .next(format!("d1-doctor setups sign {setup}"))
    }
}
