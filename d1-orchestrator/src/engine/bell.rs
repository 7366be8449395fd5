//! Wakes followers when there is news.

use d1_core::SetupId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};
use tokio::sync::Notify;

/// One bell for every setup that somebody follows.
#[derive(Debug, Default)]
pub(super) struct Bells(Mutex<HashMap<SetupId, Weak<Notify>>>);

impl Bells {
    /// The bell of this setup; it hangs as long as somebody holds it.
    pub(super) fn of(&self, id: SetupId) -> Arc<Notify> {
        let mut bells = self.open();
        if let Some(bell) = bells.get(&id).and_then(Weak::upgrade) {
            return bell;
        }
        bells.retain(|_, bell| bell.strong_count() > 0);
        let bell = Arc::new(Notify::new());
        bells.insert(id, Arc::downgrade(&bell));
        bell
    }

    /// Wakes whoever waits for news of this setup.
    pub(super) fn ring(&self, id: SetupId) {
        let bell = self.open().get(&id).and_then(Weak::upgrade);
        if let Some(bell) = bell {
            bell.notify_waiters();
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<SetupId, Weak<Notify>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
