//! Why a device cannot be spoken to.

use d1_core::{Category, DeviceId, Problem};

/// Why a device cannot be spoken to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// It has no link.
    #[error("device {0} is not connected; start its daemon, then try again")]
    Offline(DeviceId),
    /// It has a link, and does not answer.
    #[error("device {0} does not answer; look at its daemon, then try again")]
    Silent(DeviceId),
    /// Too many questions to it are open.
    #[error("device {0} is asked too much at once; try again later")]
    Busy(DeviceId),
    /// It answers something that was not asked.
    #[error("device {0} gave an answer that does not fit the question; upgrade its daemon")]
    Nonsense(DeviceId),
    /// Nobody can tell to which server it is linked.
    #[error("nobody can tell now to which server device {0} is linked; ask again in a few seconds")]
    Unlocated(DeviceId),
    /// It is linked to another server, which does not answer.
    #[error("the server that has device {0} does not answer; ask again in a few seconds")]
    Unreachable(DeviceId),
    /// It heeds signed orders only, and this one cannot be signed.
    #[error("what device {0} was to be told cannot be signed: {1}; see d1-cloud order-keys list")]
    Unsigned(DeviceId, String),
    /// What is at the other end did not introduce itself.
    #[error("the other end of a new link did not say hello; see that a d1 daemon is there")]
    NoHello,
    /// It says itself why it cannot.
    #[error("the device refuses: {0}")]
    Refused(Box<Problem>),
    /// It speaks other versions of the protocol than we do.
    #[error("{0}")]
    UpgradeRequired(Box<Problem>),
}

impl HubError {
    /// Whether the servers among themselves are in trouble, which passes.
    #[must_use]
    pub const fn is_between_servers(&self) -> bool {
        matches!(self, Self::Unlocated(_) | Self::Unreachable(_))
    }

    /// The same, told so that a person can act on it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let code = match self {
            Self::Refused(problem) | Self::UpgradeRequired(problem) => return (**problem).clone(),
            Self::Unlocated(_) => "D1-NODE-001",
            Self::Unreachable(_) => "D1-NODE-002",
            Self::Offline(_) => "D1-DEVICE-001",
            Self::Silent(_) => "D1-DEVICE-002",
            Self::Nonsense(_) => "D1-DEVICE-009",
            Self::Busy(_) => "D1-DEVICE-010",
            Self::NoHello => "D1-DEVICE-011",
            Self::Unsigned(..) => "D1-ORDER-019",
        };
        let text = self.to_string();
        let (title, remedy) = text.split_once("; ").unwrap_or((&text, ""));
        Problem::new(code, Category::Daemon, title).leaving("nothing was changed").next(remedy)
    }
}
