//! The parts of a world that whoever embeds the libraries may bring.

use super::flaw::{Flaw, FlawedJournal, FlawedLedger, FlawedStore};
use d1_core::{
    CreditLedger, Journal, SetupStore,
    memory::{MemoryJournal, MemorySetupStore},
};
use std::{
    fmt,
    sync::{Arc, Mutex},
};

type Make<T> = Arc<dyn Fn() -> Arc<T> + Send + Sync>;

/// What a world is made of, besides what is always the same.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) store: Make<dyn SetupStore>,
    pub(super) journal: Make<dyn Journal>,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            store: Arc::new(|| Arc::new(MemorySetupStore::new())),
            journal: Arc::new(|| Arc::new(MemoryJournal::new())),
        }
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

impl Parts {
    pub(super) fn store(&self, flaw: Option<Flaw>) -> Arc<dyn SetupStore> {
        match flaw {
            Some(flaw) => Arc::new(FlawedStore((self.store)(), flaw)),
            None => (self.store)(),
        }
    }

    pub(super) fn journal(&self, flaw: Option<Flaw>) -> Arc<dyn Journal> {
        match flaw {
            Some(flaw) => Arc::new(FlawedJournal((self.journal)(), flaw)),
            None => (self.journal)(),
        }
    }
}

/// The ledger as the nodes of a world have it.
pub(super) fn paid(ledger: Arc<dyn CreditLedger>, flaw: Option<Flaw>) -> Arc<dyn CreditLedger> {
    match flaw {
        Some(flaw) => Arc::new(FlawedLedger { ledger, flaw, holds: Mutex::default() }),
        None => ledger,
    }
}
