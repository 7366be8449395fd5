//! Which protection was in force while a command ran. Reported truthfully, or not at all.

use crate::NetworkUse;
use serde::{Deserialize, Serialize};

/// One layer of protection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Layer {
    /// Its name: `landlock`, `seccomp`, `pid namespace`.
    pub name: String,
    /// Whether it was in force.
    pub in_force: bool,
    /// Why not, when it was not.
    pub why_not: String,
}

/// Which protection was in force while a command ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IsolationReport {
    /// The confinement asked for; empty when none was.
    pub profile: String,
    /// Every layer of it. None at all means: no isolation.
    pub layers: Vec<Layer>,
    /// What was done on the network, where it was let through by name.
    #[serde(default, skip_serializing_if = "NetworkUse::is_empty")]
    pub network: NetworkUse,
}

impl IsolationReport {
    /// Nothing was in force.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// `none`, `full`, or `partial`: one word for one line.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        let in_force = self.layers.iter().filter(|layer| layer.in_force).count();
        match in_force {
            0 => "none",
            n if n == self.layers.len() => "full",
            _ => "partial",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_without_layers_never_claims_protection() {
        assert_eq!(IsolationReport::none().summary(), "none");
        let off = Layer { name: "seccomp".into(), in_force: false, why_not: "no kernel".into() };
        let on = Layer { name: "landlock".into(), in_force: true, why_not: String::new() };
        let report = |layers| IsolationReport {
            profile: "home".into(),
            layers,
            network: NetworkUse::default(),
        };
        assert_eq!(report(vec![off.clone()]).summary(), "none");
        assert_eq!(report(vec![off, on.clone()]).summary(), "partial");
        assert_eq!(report(vec![on]).summary(), "full");
    }
}
