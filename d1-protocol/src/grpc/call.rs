//! Which call of the service it is.

/// What can be asked about credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CreditsCall {
    /// How the account stands.
    Balance,
    /// A part of its history.
    Entries,
    /// Which of its grants are left.
    Grants,
    /// What something would cost.
    Quote,
    /// What it may spend at most.
    Caps,
    /// Sets one of these limits.
    SetCap,
    /// Lifts one of them.
    LiftCap,
}

impl CreditsCall {
    /// Every call there is.
    pub const ALL: [Self; 7] = [
        Self::Balance,
        Self::Entries,
        Self::Grants,
        Self::Quote,
        Self::Caps,
        Self::SetCap,
        Self::LiftCap,
    ];

    /// The call at a path, when there is one.
    #[must_use]
    pub fn at(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|call| call.path() == path)
    }

    /// Where it is.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Balance => "/d1.api.v1.Credits/Balance",
            Self::Entries => "/d1.api.v1.Credits/Entries",
            Self::Grants => "/d1.api.v1.Credits/Grants",
            Self::Quote => "/d1.api.v1.Credits/Quote",
            Self::Caps => "/d1.api.v1.Credits/Caps",
            Self::SetCap => "/d1.api.v1.Credits/SetCap",
            Self::LiftCap => "/d1.api.v1.Credits/LiftCap",
        }
    }

    /// Whether it changes nothing: over gRPC the method is always POST.
    #[must_use]
    pub const fn is_look(self) -> bool {
        match self {
            Self::Balance | Self::Entries | Self::Grants | Self::Quote | Self::Caps => true,
            Self::SetCap | Self::LiftCap => false,
        }
    }
}
