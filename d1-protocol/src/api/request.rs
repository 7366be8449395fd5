//! What clients ask for. Unknown fields are refused, so a typing mistake never goes unnoticed.

use d1_core::{DeviceId, HostName, Install, Intent, Source, StopMode, ThingName};
use serde::{Deserialize, Serialize};

/// Make a setup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateRequest {
    /// What to install.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 64))]
    pub install: Vec<ThingName>,
    /// From which language registry; the system's packages when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Source>,
    /// Hosts that its steps may call beside those that are known anyway.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 32))]
    pub allow_hosts: Vec<HostName>,
    /// On which device.
    pub device: DeviceId,
    /// Whether the caller has seen the plan, or does not want to: true starts at once.
    #[serde(default)]
    pub approve: bool,
}

impl CreateRequest {
    /// What is asked for, as an intent.
    #[must_use]
    pub fn intent(&self) -> Intent {
        Intent::Install(Install {
            things: self.install.clone(),
            from: self.from,
            hosts: self.allow_hosts.clone(),
        })
    }
}

/// Stop a setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CancelRequest {
    /// How.
    pub mode: StopMode,
}

/// Go on with a setup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResumeRequest {
    /// Also when nobody can tell how far a step came.
    #[serde(default)]
    pub force: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_mistake_is_refused() {
        let id = DeviceId::generate();
        let good = format!(r#"{{"install":["jq"],"device":"{id}"}}"#);
        let request: CreateRequest = serde_json::from_str(&good).unwrap();
        assert!(!request.approve);
        let bad = good.replace("install", "instal");
        assert!(serde_json::from_str::<CreateRequest>(&bad).is_err());
        let evil = good.replace("jq", "jq; reboot");
        assert!(serde_json::from_str::<CreateRequest>(&evil).is_err());
    }
}
