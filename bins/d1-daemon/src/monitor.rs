//! Looks at the machine now and then, tells what is wrong when it tells how the machine is, and
//! remembers it where `d1-doctor status` and `d1-doctor diagnose --since last` look.

use d1_core::{Clock, Finding, Supervisor, Symptom, SystemClock};
use d1_executor::{
    Agent, Gauge, History, HistoryError, Host, Selection, Sight, StateDir, watch, watch_vitals,
};
use std::{path::Path, sync::Arc, time::Duration};

/// A daemon that has just started has better things to do than to look at once.
const FIRST: Duration = Duration::from_secs(5);

/// Looks in the background, first soon and then `every` so often. It asks no network.
pub(crate) fn start(agent: &Agent, state: &StateDir, every: Duration, supervisor: &Supervisor) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let sight = Sight::this(Host::this(Arc::clone(&clock)), state.path());
    let sight = Sight { offline: true, ..sight };
    let (agent, history, stopping) = (agent.clone(), state.diagnoses(), supervisor.stopping());
    let (felt, mut gauge) = (agent.clone(), Gauge::at(state.path()));
    let over = supervisor.stopping();
    supervisor.run("vitals", async move {
        over.run_until_cancelled(watch_vitals(&felt, move || gauge.read())).await;
    });
    supervisor.run("monitor", async move {
        let heard = |findings: Vec<Finding>| {
            agent.tell_symptoms(Symptom::of(&findings));
            if let Err(error) = remember(&history, &*clock, &findings) {
                tracing::warn!(%error, "what was found is not remembered");
            }
        };
        let turns = (FIRST.min(every), every);
        let selection = Selection::of_the_machine();
        stopping.run_until_cancelled(watch(&sight, &selection, turns, heard)).await;
    });
}

fn remember(file: &Path, clock: &dyn Clock, findings: &[Finding]) -> Result<(), HistoryError> {
    History::open(file)?.keep(clock.now(), findings)
}
