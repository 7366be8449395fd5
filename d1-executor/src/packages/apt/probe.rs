//! What became of a job that was cut off: the baseline is held against how things are now.

use super::{Apt, apply::not_as_wanted};
use crate::packages::{
    Goal, Run, ToolError,
    snapshot::{Snapshot, tell},
};
use d1_core::{Baseline, Manager, ProbeAnswer, Probed};
use std::time::Duration;
use tokio::time::Instant;

/// How often we look whether the old attempt still runs.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl Apt {
    pub(super) async fn probe_goal(
        &self,
        goal: Goal<'_>,
        baseline: &Baseline,
        run: &Run<'_>,
    ) -> Result<Probed, ToolError> {
        let unknown =
            |why: String| Probed { answer: ProbeAnswer::Unknown(why), changes: Vec::new() };
        let layout = self.layout().await?;
        let mut locks = layout.install_locks();
        if matches!(goal, Goal::Index) {
            locks = layout.index_locks();
        }
        if !self.is_over(run).await {
            return Ok(unknown("its command still runs".into()));
        }
        if let Err(ended) = self.wait_for(&locks, run).await {
            let why = ended.problem.map(|problem| problem.title);
            return Ok(unknown(why.unwrap_or_else(|| "the look at it was called off".into())));
        }
        let now = self.installed().await?;
        let before = Snapshot::of_baseline(Manager::Apt, baseline);
        let changes = match baseline.complete_for {
            Some(Manager::Apt) => now.snapshot.changes_since(&before),
            Some(_) | None => Vec::new(),
        };
        let broken = now.snapshot.broken();
        let answer = if !broken.is_empty() && !matches!(goal, Goal::Index) {
            ProbeAnswer::Unknown(format!("left half done: {}", broken.join(", ")))
        } else {
            match goal {
                // To refresh twice does no harm.
                Goal::Index => ProbeAnswer::NotDone,
                _ if self.is_reached(goal, &now).await? => ProbeAnswer::Done,
                Goal::Packages(_) | Goal::Revert { .. } if changes.is_empty() => {
                    ProbeAnswer::NotDone
                }
                Goal::Packages(_) | Goal::Revert { .. } => {
                    ProbeAnswer::Unknown(format!("it got part of the way; {}", tell(&changes)))
                }
            }
        };
        Ok(Probed { answer, changes })
    }

    async fn is_reached(
        &self,
        goal: Goal<'_>,
        now: &super::ask::Installed,
    ) -> Result<bool, ToolError> {
        match goal {
            Goal::Packages(wanted) => Ok(not_as_wanted(wanted, now).is_empty()),
            Goal::Index => Ok(false),
            Goal::Revert { changes, needed_elsewhere } => {
                let plan = self.plan_revert(changes, needed_elsewhere, now).await?;
                Ok(plan.is_ok_and(|plan| plan.is_empty()))
            }
        }
    }

    /// Waits until nothing of the old attempt runs; false when its time is over first.
    async fn is_over(&self, run: &Run<'_>) -> bool {
        let started = Instant::now();
        while self.hands.tool.still_runs(run).await {
            if started.elapsed() >= run.timeout {
                return false;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        true
    }
}
