//! Apply and refresh, for every manager that has a dialect.

use super::{dialect::Words, generic::Modelled};
use crate::{
    packages::{Command, Run, ToolError, join::join, snapshot::Snapshot, trouble::Trouble},
    sandbox::Egress,
};
use d1_core::{Ended, Outcome, PackageOperation, Packages, Resource};
use tokio::time::Instant;

impl Modelled {
    pub(super) async fn apply_packages(
        &self,
        wanted: &Packages,
        run: &Run<'_>,
    ) -> Result<Ended, ToolError> {
        let started = Instant::now();
        let before = self.snapshot().await?;
        let (to_do, to_mark) = (self.to_do(wanted, &before), self.to_mark(wanted, &before));
        let there = wanted.names.iter().filter(|name| before.has(name));
        let relies_on: Vec<Resource> = match wanted.operation {
            PackageOperation::Install => there.map(|name| before.resource(name)).collect(),
            PackageOperation::Remove => Vec::new(),
        };
        if to_do.is_empty() && to_mark.is_empty() {
            return Ok(Ended { relies_on, ..Ended::quietly(Outcome::NoChange) });
        }
        if let Some(trouble) = self.obstacle(wanted, &to_do).await? {
            return Ok(self.refused(trouble));
        }
        if !self.hands.may_change().await {
            return Ok(self.refused(Trouble::NeedsRoot));
        }
        if let Err(trouble) = self.foresee(wanted.operation, &to_do, &before).await? {
            return Ok(self.refused(trouble));
        }
        let mut commands = Vec::new();
        if !to_do.is_empty() {
            commands.extend(self.dialect.work(wanted.operation, &to_do));
        }
        if !to_mark.is_empty() {
            commands.extend(self.dialect.mark(false, &to_mark));
        }
        let mut ended = self.carry_out(&commands, run, started).await?;
        ended.relies_on = relies_on;
        Ok(self.settle(ended, &before, |after| self.to_do(wanted, after)).await)
    }

    pub(super) fn refused(&self, trouble: Trouble) -> Ended {
        Ended::quietly(Outcome::Failed).because(trouble.problem(self.manager(), &[]))
    }

    /// Runs the commands, one after the other, until one does not succeed.
    pub(super) async fn carry_out(
        &self,
        commands: &[Words],
        run: &Run<'_>,
        started: Instant,
    ) -> Result<Ended, ToolError> {
        let mut all: Option<Ended> = None;
        for (at, words) in commands.iter().enumerate() {
            let name = run.name_of(at);
            let next = run.continued(&name, started);
            // Their lists of mirrors come over the network.
            let network = Egress::of_the_machine();
            let command = Command { network, ..self.hands.changing(words) };
            let next = self.hands.tool.stream(&command, &next).await;
            let ended = match all.take() {
                None => next?,
                Some(first) => match next {
                    Ok(next) => join(first, next),
                    // The first one ran, so this is an end and not an error.
                    Err(error) => {
                        let trouble = Trouble::Failed { tail: vec![error.to_string()] };
                        let problem = trouble.problem(self.manager(), &[]);
                        Ended { outcome: Outcome::Failed, ..first }.because(problem)
                    }
                },
            };
            let goes_on = ended.outcome == Outcome::Succeeded;
            all = Some(ended);
            if !goes_on {
                break;
            }
        }
        let ended = all.unwrap_or_else(|| Ended::quietly(Outcome::Succeeded));
        Ok(Ended { duration: started.elapsed(), ..ended })
    }

    /// Reads how everything is now, and settles how it ended.
    pub(super) async fn settle(
        &self,
        mut ended: Ended,
        before: &Snapshot,
        missing: impl FnOnce(&Snapshot) -> Vec<String> + Send,
    ) -> Ended {
        let after = match self.snapshot().await {
            Ok(after) => after,
            Err(error) => {
                let trouble = Trouble::Failed { tail: vec![error.to_string()] };
                let problem = trouble.problem(self.manager(), &[]);
                let problem = problem.leaving("it ran, but nobody could look at the result");
                return Ended { outcome: Outcome::Failed, opaque: true, ..ended }.because(problem);
            }
        };
        ended.changes = after.changes_since(before);
        let missing = missing(&after);
        let trouble = match ended.outcome {
            Outcome::Failed => {
                Some(self.trouble_in(&format!("{}\n{}", ended.stdout, ended.stderr)))
            }
            Outcome::TimedOut => Some(Trouble::TimedOut),
            Outcome::Succeeded if !missing.is_empty() => Some(Trouble::NotThere { names: missing }),
            Outcome::Succeeded
            | Outcome::NoChange
            | Outcome::Cancelled
            | Outcome::Killed
            | Outcome::DeniedByPolicy
            | Outcome::DeniedByUser
            | Outcome::Undeliverable
            | Outcome::Interrupted
            | Outcome::Lost
            | Outcome::Superseded => None,
        };
        match (trouble, ended.outcome) {
            (Some(trouble), outcome) => {
                let outcome = if outcome == Outcome::Succeeded { Outcome::Failed } else { outcome };
                let problem = trouble.problem(self.manager(), &ended.changes);
                Ended { outcome, ..ended }.because(problem)
            }
            (None, Outcome::Succeeded) if ended.changes.is_empty() => {
                Ended { outcome: Outcome::NoChange, ..ended }
            }
            (None, _) => ended,
        }
    }

    pub(super) async fn refresh_index(&self, run: &Run<'_>) -> Result<Ended, ToolError> {
        let Some(words) = self.dialect.refresh() else {
            return Ok(self.refused(Trouble::NoRefresh));
        };
        if !self.hands.may_change().await {
            return Ok(self.refused(Trouble::NeedsRoot));
        }
        let ended = self.carry_out(&[words], run, Instant::now()).await?;
        let trouble = match ended.outcome {
            Outcome::Failed => self.trouble_in(&format!("{}\n{}", ended.stdout, ended.stderr)),
            Outcome::TimedOut => Trouble::TimedOut,
            Outcome::Succeeded
            | Outcome::NoChange
            | Outcome::Cancelled
            | Outcome::Killed
            | Outcome::DeniedByPolicy
            | Outcome::DeniedByUser
            | Outcome::Undeliverable
            | Outcome::Interrupted
            | Outcome::Lost
            | Outcome::Superseded => return Ok(ended),
        };
        Ok(ended.because(trouble.problem(self.manager(), &[])))
    }
}
