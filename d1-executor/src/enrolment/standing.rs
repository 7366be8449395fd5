//! How the link to the cloud stands, as the daemon saw it last: written for whoever asks for
//! the status, when it changes.

use super::{EnrolledError, file::replace};
use crate::state_dir::StateDir;
use d1_core::Timestamp;
use serde::{Deserialize, Serialize};

/// The name of the file.
const FILE: &str = "link.json";
/// The most characters of a reason.
const MAX_WHY: usize = 400;

/// What the link to the cloud is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// It is there.
    Linked,
    /// Nobody answers; it is tried again.
    Unreachable,
    /// The cloud will not have this device; somebody has to enrol it again.
    Refused,
    /// The daemon was stopped.
    Stopped,
}

/// Which orders are heeded over a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeededOrders {
    /// Those that are signed by a key that is known.
    Signed,
    /// All: whoever holds the other end of the link is believed.
    #[default]
    Any,
}

/// How the link to the cloud stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkStanding {
    /// What it is doing.
    pub state: LinkState,
    /// Since when.
    pub since: Timestamp,
    /// Why, in the words of whoever refused or did not answer.
    pub why: Option<String>,
    /// The cloud, where the link is by a token.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cloud: Option<String>,
    /// Which orders of it are heeded.
    #[serde(default)]
    pub orders: HeededOrders,
}

impl LinkStanding {
    /// How it stood last; nothing when no daemon has said it.
    #[must_use]
    pub fn load(state: &StateDir) -> Option<Self> {
        let text = std::fs::read_to_string(state.path().join(FILE)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Keeps it, for whoever asks.
    pub fn save(mut self, state: &StateDir) -> Result<(), EnrolledError> {
        self.why = self.why.map(|why| why.chars().take(MAX_WHY).collect());
        let path = state.path().join(FILE);
        let text = serde_json::to_string(&self)
            .map_err(|error| EnrolledError::Damaged { path: path.clone(), source: error.into() })?;
        replace(&path, &(text + "\n"), 0o600)
    }
}
