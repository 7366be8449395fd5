//! What a conversation lets in, and what becomes of the rest.

use super::{
    audit,
    conversation::{Conversation, End},
    gate::{Shut, trouble},
};
use d1_core::{OrderKeySet, OrderRefusal, ToDevice};

impl Conversation {
    /// Hears what is to be heard. What is not to be heeded is written down, and ends the
    /// conversation: whoever says such a thing once is not listened to any more.
    pub(super) async fn let_in(&mut self, message: ToDevice) -> Result<(), End> {
        match self.gate.pass(message).await {
            Ok(message) => self.hear(message).await,
            Err(Shut::Trouble(problem)) => Err(End::Broken(*problem)),
            Err(Shut::Refused(refusal)) => {
                self.note_refused(&refusal).await;
                Err(End::Broken(refusal.problem()))
            }
        }
    }

    /// That nothing was done is told also when the audit log is in trouble.
    async fn note_refused(&self, refusal: &OrderRefusal) {
        tracing::warn!(by = &*self.by, %refusal, "an order is not heeded");
        if let Err(error) = self.agent.note(audit::order_refused(refusal, &self.by)).await {
            tracing::error!(%error, "an order that is not heeded is not in the audit log");
        }
    }

    /// Believes in other keys, by the word of one that is known. They are on record before they
    /// are good for anything. Without signatures no key is believed.
    pub(super) async fn learn(&self, keys: &OrderKeySet) -> Result<(), End> {
        let Some(store) = self.gate.trust() else { return Ok(()) };
        let broken = |error: &dyn std::error::Error| End::Broken(*trouble(error));
        let before = store.load().map_err(|error| broken(&error))?;
        let mut after = before.clone();
        if !after.learn(keys) {
            return Ok(());
        }
        let noted = self.agent.note(after.record(&before, &self.by)).await;
        noted.map_err(|error| End::Broken(error.problem()))?;
        store.save(&after).map_err(|error| broken(&error))
    }
}
