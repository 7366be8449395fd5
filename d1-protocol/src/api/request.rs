//! What clients ask for. Unknown fields are refused, so a typing mistake never goes unnoticed.

use d1_core::{
    Category, DeviceId, HostName, Install, Intent, OnDisconnect, Problem, Source, StopMode, Terms,
    ThingName,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

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
    /// For how long steps wait for the device when it is away; eight days when not said.
    #[serde(
        default,
        deserialize_with = "super::whole::optional",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "openapi", schema(minimum = 60, maximum = 2_592_000))]
    pub deliver_within_seconds: Option<u32>,
    /// What the device does while nobody is on the link.
    #[serde(default)]
    pub on_disconnect: OnDisconnect,
}

impl CreateRequest {
    /// These things on this device, which nobody has said yes to.
    #[must_use]
    pub fn of(install: Vec<ThingName>, device: DeviceId) -> Self {
        Self {
            install,
            from: None,
            allow_hosts: Vec::new(),
            device,
            approve: false,
            deliver_within_seconds: None,
            on_disconnect: OnDisconnect::default(),
        }
    }

    /// For how long it waits, and the like; refused when that is out of bounds.
    pub fn terms(&self) -> Result<Terms, Problem> {
        let within = self.deliver_within_seconds.map(|it| Duration::from_secs(it.into()));
        let deliver_within = within.unwrap_or(Terms::DELIVER_WITHIN);
        if Terms::BOUNDS.contains(&deliver_within) {
            return Ok(Terms { deliver_within, on_disconnect: self.on_disconnect });
        }
        let (least, most) = (Terms::BOUNDS.start().as_secs(), Terms::BOUNDS.end().as_secs());
        let title = format!("`deliver_within_seconds` is not {least} to {most}");
        let problem = Problem::new("D1-API-005", Category::Usage, title);
        Err(problem.leaving("nothing was changed"))
    }

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
    /// Its device does not come back: what it may have begun is lost, costs nothing, and is waited
    /// for no more. Refused while the device is linked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub write_off: bool,
}

impl CancelRequest {
    /// Stop it like this.
    #[must_use]
    pub const fn of(mode: StopMode) -> Self {
        Self { mode, write_off: false }
    }
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
        assert_eq!(request.terms().unwrap(), Terms::default());
        for (said, heard) in [("60", Some(60)), ("60.0", Some(60)), ("null", None)] {
            let more = format!(r#"{},"deliver_within_seconds":{said}}}"#, &good[..good.len() - 1]);
            let request: CreateRequest = serde_json::from_str(&more).unwrap();
            assert_eq!(request.deliver_within_seconds, heard);
        }
        for (seconds, is_fine) in [(59, false), (60, true), (2_592_000, true), (2_592_001, false)] {
            let request =
                CreateRequest { deliver_within_seconds: Some(seconds), ..request.clone() };
            assert_eq!(request.terms().is_ok(), is_fine, "{seconds}");
        }
        let bad = good.replace("install", "instal");
        assert!(serde_json::from_str::<CreateRequest>(&bad).is_err());
        let evil = good.replace("jq", "jq; reboot");
        assert!(serde_json::from_str::<CreateRequest>(&evil).is_err());
    }
}
