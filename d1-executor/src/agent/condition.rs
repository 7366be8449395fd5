//! How the machine is, as the agent was told by whoever looks at it, and who wants to know.

use super::core::Agent;
use d1_core::{Symptom, Timestamp, Vitals};
use tokio::sync::watch;

/// What is known of the machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Condition {
    /// What was measured, and when.
    pub(super) measured: Option<(Timestamp, Vitals)>,
    /// What is wrong by what was measured.
    felt: Vec<Symptom>,
    /// What an examination found.
    found: Vec<Symptom>,
}

impl Condition {
    /// All that is wrong, the worst first; at most [`Symptom::MAX`].
    pub(super) fn symptoms(&self) -> Vec<Symptom> {
        let mut all = [&self.felt[..], &self.found[..]].concat();
        all.sort_by_key(|symptom| std::cmp::Reverse(symptom.verdict));
        all.truncate(Symptom::MAX);
        all
    }
}

impl Agent {
    /// Has the agent tell this from now on whenever it tells how the machine is, and at once
    /// when it is something else than before; at most [`Symptom::MAX`] of them.
    pub fn tell_symptoms(&self, mut symptoms: Vec<Symptom>) {
        symptoms.truncate(Symptom::MAX);
        self.0.condition.send_if_modified(|known| {
            let differs = known.found != symptoms;
            known.found = symptoms;
            differs
        });
    }

    /// Has the agent tell this when it tells how the machine is, and at once what is wrong by
    /// it, when that is something else than before.
    pub fn tell_vitals(&self, vitals: Vitals, mut wrong: Vec<Symptom>) {
        wrong.truncate(Symptom::MAX);
        let now = self.0.parts.clock.now();
        self.0.condition.send_if_modified(|known| {
            let is_news = known.measured.is_none() || known.felt != wrong;
            known.measured = Some((now, vitals));
            known.felt = wrong;
            is_news
        });
    }

    /// Waits until some orchestrator is there who is told how the machine is.
    pub async fn somebody_listens(&self) {
        // The agent is not dropped meanwhile, so there is an end to this only when somebody comes.
        let mut listeners = self.0.listeners.subscribe();
        let _somebody = listeners.wait_for(|count| *count > 0).await;
    }

    /// What is known of the machine.
    pub(super) fn condition(&self) -> watch::Receiver<Condition> {
        self.0.condition.subscribe()
    }

    /// Somebody listens, until this is dropped.
    pub(super) fn listen(&self) -> Listener {
        self.0.listeners.send_modify(|count| *count += 1);
        Listener(self.clone())
    }
}

/// Somebody who is told how the machine is.
#[derive(Debug)]
pub(super) struct Listener(Agent);

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.0.listeners.send_modify(|count| *count -= 1);
    }
}
