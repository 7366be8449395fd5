//! What a step would do, before it is done: enough to say what it would change, and whether it
//! may.

use crate::{AbsolutePath, Action, Effect, HostName, Step};

/// An action, with what its step says it does to the machine.
///
/// The same of a step that is shown, and of one that runs: what a device says to the one is what
/// it does with the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What would be done.
    pub action: Action,
    /// What it does to the machine, at worst.
    pub effect: Effect,
    /// The paths it changes.
    pub touches: Vec<AbsolutePath>,
    /// The hosts it talks to.
    pub network: Vec<HostName>,
}

/// One that writes, and needs nothing beyond what its action needs.
impl From<Action> for Proposal {
    fn from(action: Action) -> Self {
        Self { action, effect: Effect::Write, touches: Vec::new(), network: Vec::new() }
    }
}

impl From<&Step> for Proposal {
    fn from(step: &Step) -> Self {
        Self {
            action: step.action.clone(),
            effect: step.effect,
            touches: step.touches.clone(),
            network: step.network.clone(),
        }
    }
}
