//! Measures the machine now and then, while somebody listens to its agent.

use super::{Alarms, HEALTH_EVERY};
use crate::Agent;
use d1_core::Vitals;
use tokio::time::{MissedTickBehavior, interval};

/// Has the agent tell what `measure` reads, and what is wrong by that, for as long as this is
/// waited for. Nothing is measured while nobody listens.
///
/// Reading happens on a thread that may wait: some sensors are slow.
pub async fn watch_vitals(agent: &Agent, measure: impl FnMut() -> Vitals + Send + 'static) {
    let mut tick = interval(HEALTH_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut alarms, mut measure) = (Alarms::default(), measure);
    loop {
        // In this order: a tick that was missed while nobody listened would measure twice at once.
        agent.somebody_listens().await;
        tick.tick().await;
        let read = tokio::task::spawn_blocking(move || {
            let vitals = measure();
            (vitals, measure)
        });
        // What panics while it measures is not asked again.
        let Ok((vitals, again)) = read.await else { return };
        measure = again;
        let wrong = alarms.take(&vitals);
        agent.tell_vitals(vitals, wrong);
    }
}
