//! Who is at the other end of a conversation, and what that lets them do.

use super::{gate::OrderGuard, owner::Owner};

/// What a device wants of the orders of a cloud.
#[derive(Clone, Debug, Default)]
pub struct CloudTerms {
    /// Without, whatever comes is heeded; with it, only what is signed.
    pub guard: Option<OrderGuard>,
    /// Without, the cloud's word is enough; with it, what the owner wants counts, too.
    pub owner: Option<Owner>,
}

/// Who is at the other end.
#[derive(Clone, Debug)]
pub(super) enum Party {
    /// Somebody in this process, or who is known otherwise.
    Known,
    /// Somebody at this machine; `decides` when a person sits at its terminal.
    Here {
        /// Whether their yes is one.
        decides: bool,
    },
    /// A cloud.
    Cloud(Option<Box<Owner>>),
}

impl Party {
    /// What the owner wants of them.
    pub(super) fn owner(&self) -> Option<&Owner> {
        match self {
            Self::Cloud(Some(owner)) => Some(owner),
            Self::Known | Self::Here { .. } | Self::Cloud(None) => None,
        }
    }
}
