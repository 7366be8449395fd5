//! Lists, as clients see them.

use super::SetupView;
use d1_core::{DeviceId, Health, SetupId, Symptom, Vitals};
use serde::{Deserialize, Serialize};

/// Setups, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetupList {
    /// `d1.setups.v1`
    pub schema: String,
    /// The setups of this page.
    pub setups: Vec<SetupView>,
    /// Where the next page begins; nothing on the last one.
    pub cursor: Option<SetupId>,
}

impl SetupList {
    /// Its version.
    pub const SCHEMA: &str = "d1.setups.v1";
}

/// The devices that are linked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Devices {
    /// `d1.devices.v1`
    pub schema: String,
    /// The devices.
    pub devices: Vec<DeviceView>,
    /// Whether these are all. They are not when a server could not be asked; ask again then.
    #[serde(default = "yes")]
    pub complete: bool,
}

impl Devices {
    /// What its schema is called.
    pub const SCHEMA: &str = "d1.devices.v1";
}

/// A server that says nothing of it is one alone.
const fn yes() -> bool {
    true
}

/// What waited for a device that is away, and was ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Purged {
    /// `d1.purged.v1`
    pub schema: String,
    /// The setups that were ended, oldest first. One of which the device had something already is
    /// over when the device has told how that ended.
    pub setups: Vec<SetupId>,
}

impl Purged {
    /// What its schema is called.
    pub const SCHEMA: &str = "d1.purged.v1";
}

/// One device that is linked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    /// Whether it came over TLS and is known by its certificate; by a token otherwise.
    #[serde(default)]
    pub certified: bool,
    /// How it is; nothing until it has told, half a minute after it came.
    pub health: Option<HealthView>,
}

/// How a machine is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthView {
    /// When it was so, by its own clock, in milliseconds since 1970.
    pub at: u64,
    /// What was measured.
    #[serde(flatten)]
    pub vitals: Vitals,
    /// Tasks running.
    pub running: u32,
    /// Tasks waiting.
    pub waiting: u32,
    /// What was wrong when it last looked at itself, the worst first.
    pub symptoms: Vec<Symptom>,
}

impl From<&Health> for HealthView {
    fn from(health: &Health) -> Self {
        Self {
            at: health.at.0,
            vitals: health.vitals.clone(),
            running: health.running,
            waiting: health.waiting,
            symptoms: health.symptoms.clone(),
        }
    }
}
