//! A world that has come to rest, for the invariants to look at.

use super::history::Event;
use d1_core::{AccountId, Amount, AuditLine, AuditPublicKey, Entry, Setup, SetupId};
use std::time::Duration;

/// A world after the storm, when everything has had its time to heal.
#[derive(Debug)]
pub struct AtRest {
    /// Everything that happened, and when.
    pub history: Vec<(Duration, Event)>,
    /// Every setup, as the store has it.
    pub setups: Vec<Setup>,
    /// The setups of which a person was told that they go on.
    pub approved: Vec<SetupId>,
    /// What the devices have not forgotten.
    pub remembered: Vec<Entry>,
    /// The audit log of every device, and its key.
    pub audits: Vec<(Vec<AuditLine>, AuditPublicKey)>,
    /// Every account.
    pub accounts: Vec<Account>,
    /// What the books say of themselves when they are added up, if it is not what they say
    /// otherwise.
    pub difference: Option<String>,
}

/// An account after the storm.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// Whose it is.
    pub id: AccountId,
    /// What was put in.
    pub given: Amount,
    /// What is there, held or not.
    pub posted: Amount,
    /// What of it is held.
    pub held: Amount,
}

impl AtRest {
    /// The setup of this name.
    #[must_use]
    pub fn setup(&self, id: SetupId) -> Option<&Setup> {
        self.setups.iter().find(|setup| setup.id == id)
    }

    /// Everything that happened, without the times.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.history.iter().map(|(_, event)| event)
    }
}
