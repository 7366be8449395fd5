//! Lists, as clients see them.

use super::SetupView;
use d1_core::{DeviceId, SetupId};
use serde::{Deserialize, Serialize};

/// Setups, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupList {
    /// `d1.setups.v1`
    pub schema: String,
    /// The setups of this page.
    pub setups: Vec<SetupView>,
    /// Where the next page begins; nothing on the last one.
    pub cursor: Option<SetupId>,
}

/// The devices that are linked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Devices {
    /// `d1.devices.v1`
    pub schema: String,
    /// The devices.
    pub devices: Vec<DeviceView>,
}

/// One device that is linked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceView {
    /// Its id.
    pub id: DeviceId,
    /// The version of its daemon.
    pub version: String,
    /// What it runs, in words.
    pub system: String,
    /// Since when it is linked, in milliseconds since 1970.
    pub since: u64,
    /// When it was last heard, in milliseconds since 1970.
    pub heard: u64,
}
