//! Which call of the services it is.

use d1_core::Scope;

/// What the service of setups is called.
pub(in crate::grpc) const SETUPS: &str = "d1.api.v1.Setups";
/// What the service of devices is called.
pub(in crate::grpc) const DEVICES: &str = "d1.api.v1.Devices";

/// What can be asked about setups and devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetupsCall {
    /// Plans and keeps a setup.
    Create,
    /// One setup.
    Get,
    /// Setups, newest first.
    List,
    /// Says yes.
    Approve,
    /// Stops it.
    Cancel,
    /// Goes on with it.
    Resume,
    /// Takes back what it changed.
    Undo,
    /// Tells what happens until it is over.
    Follow,
    /// The devices that are linked.
    Devices,
    /// Ends what waits for a device that is away.
    Purge,
}

impl SetupsCall {
    /// Every call there is.
    pub const ALL: [Self; 10] = [
        Self::Create,
        Self::Get,
        Self::List,
        Self::Approve,
        Self::Cancel,
        Self::Resume,
        Self::Undo,
        Self::Follow,
        Self::Devices,
        Self::Purge,
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
            Self::Create => "/d1.api.v1.Setups/Create",
            Self::Get => "/d1.api.v1.Setups/Get",
            Self::List => "/d1.api.v1.Setups/List",
            Self::Approve => "/d1.api.v1.Setups/Approve",
            Self::Cancel => "/d1.api.v1.Setups/Cancel",
            Self::Resume => "/d1.api.v1.Setups/Resume",
            Self::Undo => "/d1.api.v1.Setups/Undo",
            Self::Follow => "/d1.api.v1.Setups/Follow",
            Self::Devices => "/d1.api.v1.Devices/List",
            Self::Purge => "/d1.api.v1.Devices/Purge",
        }
    }

    /// What a person needs who asks it.
    #[must_use]
    pub const fn scope(self) -> Scope {
        match self {
            Self::Create | Self::Cancel | Self::Purge => Scope::SetupWrite,
            Self::Approve | Self::Resume | Self::Undo => Scope::SetupApprove,
            Self::Get | Self::List | Self::Follow => Scope::SetupRead,
            Self::Devices => Scope::DeviceRead,
        }
    }

    /// Whether it changes nothing: over gRPC the method is always POST.
    #[must_use]
    pub const fn is_look(self) -> bool {
        match self {
            Self::Get | Self::List | Self::Follow | Self::Devices => true,
            Self::Create
            | Self::Approve
            | Self::Cancel
            | Self::Resume
            | Self::Undo
            | Self::Purge => false,
        }
    }
}
