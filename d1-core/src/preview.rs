//! What an action would change, told by the machine before anything runs.

use crate::{Change, HostName, Problem, Undo};
use serde::{Deserialize, Serialize};

/// Whether what an action wants is already so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It is; the action would change nothing.
    Present,
    /// It is not.
    Absent,
    /// It cannot be told, for this reason. Never counted as present.
    Unknown(String),
}

/// What one action would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Whether what it wants is already so.
    pub presence: Presence,
    /// What would change, as far as it can be told.
    pub changes: Vec<Change>,
    /// Bytes to fetch; `None` when it is not known.
    pub download_bytes: Option<u64>,
    /// Bytes on disk afterwards; negative frees; `None` when it is not known.
    pub disk_bytes: Option<i64>,
    /// How far it could be taken back.
    pub undo: Undo,
    /// The hosts it may call, where that is for the machine to say: the mirrors that its package
    /// manager is set up with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<HostName>,
    /// What a person should know before saying yes.
    pub warnings: Vec<String>,
    /// Whether the machine does it only with the signature of a person whose key it trusts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub signature: bool,
    /// Whether the machine does it only after a yes that is given at the machine itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub yes_here: bool,
    /// Why it cannot be done; nothing is started while this is here. A lack of rights is no
    /// reason not to look: it is told by the facts.
    pub blocked: Option<Problem>,
}

impl Preview {
    /// The most changes a preview lists; [`Preview::warnings`] says when there are more.
    pub const MAX_CHANGES: usize = 2048;
    /// The most hosts a preview lists.
    pub const MAX_HOSTS: usize = 64;

    /// A preview of something that is already so.
    #[must_use]
    pub fn present() -> Self {
        Self { presence: Presence::Present, ..Self::absent(Undo::Exact) }
    }

    /// A preview of something that is not so, of which nothing else is known.
    #[must_use]
    pub fn absent(undo: Undo) -> Self {
        Self {
            presence: Presence::Absent,
            changes: Vec::new(),
            download_bytes: None,
            disk_bytes: None,
            undo,
            hosts: Vec::new(),
            warnings: Vec::new(),
            signature: false,
            yes_here: false,
            blocked: None,
        }
    }

    /// A preview of something that cannot be done.
    #[must_use]
    pub fn blocked(why: Problem) -> Self {
        Self { blocked: Some(why), ..Self::absent(Undo::Exact) }
    }
}
