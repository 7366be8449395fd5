//! What one orchestrator is told of how the machine is.

use super::{condition::Condition, core::Agent};
use crate::health::{clock_differs, is_news};
use d1_core::{Health, Symptom, Timestamp};
use tokio::time::Instant;

/// What it was told last, and what is wrong between the two.
#[derive(Debug, Default)]
pub(super) struct Reports {
    last: Option<(Health, Instant)>,
    /// What is wrong with the clock, by the orchestrator's.
    clock: Option<Symptom>,
}

impl Reports {
    /// Compares the clocks; whether that is something to tell.
    pub(super) fn compare_clocks(&mut self, ours: Timestamp, theirs: Timestamp) -> bool {
        self.clock = clock_differs(ours, theirs);
        self.clock.is_some()
    }

    /// What is to be told now, when it is time to tell something: nothing when it is no news.
    pub(super) fn due(&mut self, agent: &Agent, condition: &Condition) -> Option<Health> {
        let report = self.report(agent, condition);
        let is_news = match &self.last {
            Some((last, at)) => is_news(last, &report, at.elapsed()),
            None => true,
        };
        is_news.then(|| self.told(report))
    }

    /// What is to be told at once.
    pub(super) fn now(&mut self, agent: &Agent, condition: &Condition) -> Health {
        let report = self.report(agent, condition);
        self.told(report)
    }

    fn told(&mut self, report: Health) -> Health {
        self.last = Some((report.clone(), Instant::now()));
        report
    }

    fn report(&self, agent: &Agent, condition: &Condition) -> Health {
        let now = agent.0.parts.clock.now();
        let (running, waiting) = agent.load();
        let (at, vitals) = condition.measured.clone().unwrap_or((now, d1_core::Vitals::default()));
        let mut symptoms = condition.symptoms();
        symptoms.truncate(Symptom::MAX - usize::from(self.clock.is_some()));
        symptoms.extend(self.clock.clone());
        Health {
            at,
            running: u32::try_from(running).unwrap_or(u32::MAX),
            waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
            uptime_seconds: now.since(agent.0.started_at).as_secs(),
            vitals,
            symptoms,
        }
    }
}
