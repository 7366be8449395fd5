//! What became of a job that was cut off, for every manager that has a dialect.

use super::generic::Modelled;
use crate::packages::{
    Goal, Run, ToolError,
    snapshot::{Snapshot, tell},
};
use d1_core::{Baseline, ProbeAnswer, Probed};
use std::time::Duration;
use tokio::time::Instant;

/// How often we look whether an old attempt still runs.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl Modelled {
    pub(super) async fn probe_goal(
        &self,
        goal: Goal<'_>,
        baseline: &Baseline,
        run: &Run<'_>,
    ) -> Result<Probed, ToolError> {
        let started = Instant::now();
        while self.hands.tool.still_runs(run).await {
            if started.elapsed() >= run.timeout {
                let answer = ProbeAnswer::Unknown("its command still runs".into());
                return Ok(Probed { answer, changes: Vec::new() });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let now = self.snapshot().await?;
        let changes = match baseline.complete_for {
            Some(kind) if kind == self.manager() => {
                now.changes_since(&Snapshot::of_baseline(kind, baseline))
            }
            Some(_) | None => Vec::new(),
        };
        let is_reached = match goal {
            Goal::Packages(wanted) => self.to_do(wanted, &now).is_empty(),
            Goal::Revert { changes, needed_elsewhere } => {
                self.plan_revert(changes, needed_elsewhere, &now).await?.is_empty()
            }
            // To refresh twice does no harm.
            Goal::Index => return Ok(Probed { answer: ProbeAnswer::NotDone, changes: Vec::new() }),
        };
        let answer = if is_reached {
            ProbeAnswer::Done
        } else if changes.is_empty() {
            ProbeAnswer::NotDone
        } else {
            ProbeAnswer::Unknown(format!("it got part of the way; {}", tell(&changes)))
        };
        Ok(Probed { answer, changes })
    }
}
