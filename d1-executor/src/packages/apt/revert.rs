//! Undo: take back exactly what a receipt introduced, and nothing else.
//!
//! 1. Decide for each package from before, after and now (`revert_plan`).
//! 2. Simulate. Whatever would take other packages along stays, with the reason;
//!    again, until nothing else would go.
//! 3. Remove, purge, restore, mark. Nothing is ever removed "because nobody needs it".
//! 4. Verify against the states before.

use super::{Apt, apply::refused, ask::Installed, simulation::Move};
use crate::packages::{
    Run, ToolError, join::join, revert_plan::RevertPlan, snapshot::shorten, trouble::Trouble,
};
use d1_core::{Change, Ended, Manager, Outcome, PackageName, Preview, Resource, Undo};
use std::collections::BTreeSet;
use tokio::time::Instant;

impl Apt {
    /// What is really to be done, after the simulation.
    pub(super) async fn plan_revert(
        &self,
        changes: &[Change],
        needed_elsewhere: &[Resource],
        now: &Installed,
    ) -> Result<Result<RevertPlan, Trouble>, ToolError> {
        let mut plan = RevertPlan::new(Manager::Apt, changes, needed_elsewhere, &now.snapshot);
        if let Err(trouble) = self.narrow(&mut plan, now).await? {
            return Ok(Err(trouble));
        }
        self.find_versions(&mut plan, now).await?;
        Ok(Ok(plan))
    }

    /// Keeps whatever would take other packages along.
    async fn narrow(
        &self,
        plan: &mut RevertPlan,
        now: &Installed,
    ) -> Result<Result<(), Trouble>, ToolError> {
        // Every round keeps at least one package, so this ends.
        while !plan.leaving().is_empty() {
            let moves = match self.simulate(&["purge"], &leaving(plan), &now.native).await? {
                Ok(moves) => moves,
                Err(trouble) => return Ok(Err(trouble)),
            };
            let others: Vec<&Move> =
                moves.iter().filter(|m| !plan.leaving().contains(&m.name)).collect();
            if others.is_empty() {
                break;
            }
            let blamed = blamed(plan, &others, now);
            for (name, why) in blamed {
                plan.keep(&name, &why);
            }
        }
        Ok(Ok(()))
    }

    /// Drops what no mirror has any more.
    async fn find_versions(&self, plan: &mut RevertPlan, now: &Installed) -> Result<(), ToolError> {
        if plan.restore.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = plan.restore.iter().map(|(name, _)| name.to_string()).collect();
        let versions = self.versions(&names, &now.native).await?;
        let mut found = Vec::new();
        for (name, version) in std::mem::take(&mut plan.restore) {
            let known = versions.get(name.as_str());
            let has_old = known.is_some_and(|v| v.known.contains(&version));
            let candidate = known.and_then(|v| v.candidate.clone());
            match candidate {
                _ if has_old => found.push((name, version)),
                // It is gone altogether: another version is better than none.
                Some(other) if !now.snapshot.has(&name) => {
                    plan.kept.push(format!(
                        "{name} comes back as {other}: no mirror has {version} any more"
                    ));
                    found.push((name, other));
                }
                Some(_) | None => {
                    plan.auto.retain(|marked| *marked != name);
                    plan.manual.retain(|marked| *marked != name);
                    plan.kept
                        .push(format!("{name} stays as it is: no mirror has {version} any more"));
                }
            }
        }
        plan.restore = found;
        Ok(())
    }

    pub(super) async fn preview_of_revert(
        &self,
        changes: &[Change],
        needed_elsewhere: &[Resource],
    ) -> Result<Preview, ToolError> {
        let now = self.installed().await?;
        let blocked = |trouble: Trouble| Preview::blocked(trouble.problem(Manager::Apt, &[]));
        let plan = match self.plan_revert(changes, needed_elsewhere, &now).await? {
            Ok(plan) => plan,
            Err(trouble) => return Ok(blocked(trouble)),
        };
        if plan.is_empty() {
            return Ok(Preview { warnings: plan.kept, ..Preview::present() });
        }
        let mut preview = Preview::absent(Undo::Partial("installing again is a new setup".into()));
        preview.changes = wanted_changes(&plan, changes, &now);
        preview.warnings = plan.kept.clone();
        if !plan.restore.is_empty() {
            preview.download_bytes = self.download(&versioned(&plan)).await?;
        }
        Ok(preview)
    }

    pub(super) async fn revert_changes(
        &self,
        changes: &[Change],
        needed_elsewhere: &[Resource],
        run: &Run<'_>,
    ) -> Result<Ended, ToolError> {
        let started = Instant::now();
        let layout = self.layout().await?;
        if let Err(ended) = self.wait_for(&layout.install_locks(), run).await {
            return Ok(ended);
        }
        let before = self.installed().await?;
        let plan = match self.plan_revert(changes, needed_elsewhere, &before).await? {
            Ok(plan) => plan,
            Err(trouble) => return Ok(refused(trouble)),
        };
        if plan.is_empty() {
            return Ok(Ended { kept: plan.kept, ..Ended::quietly(Outcome::NoChange) });
        }
        if !self.hands.may_change().await {
            return Ok(refused(Trouble::NeedsRoot));
        }
        if layout.has_journal() {
            // Any change of dpkg's records puts them in order first. This one changes
            // nothing else: it reads selections, of which there are none.
            self.hands.change(&["dpkg", "--set-selections"]).await?;
        }
        let (mut ended, marked) = self.carry_out(&plan, run, started).await?;
        ended.duration = started.elapsed();
        let missing = |after: &Installed| not_back(&plan, changes, after);
        let mut ended = self.settle(ended, marked, &before, missing).await;
        ended.kept = plan.kept;
        Ok(ended)
    }

    async fn carry_out(
        &self,
        plan: &RevertPlan,
        run: &Run<'_>,
        started: Instant,
    ) -> Result<(Ended, Result<(), ToolError>), ToolError> {
        let mut ended: Option<Ended> = None;
        // Removing comes first: what a purge would take along would lose its configuration.
        let commands = [
            (&["remove"] as &[&str], texts(&plan.remove)),
            (&["purge"], texts(&plan.purge)),
            (&["install", "--allow-downgrades", "--no-remove"], versioned(plan)),
        ];
        for (at, (verb, names)) in commands.into_iter().enumerate() {
            let going_well = ended.as_ref().is_none_or(|e| e.outcome == Outcome::Succeeded);
            if names.is_empty() || !going_well {
                continue;
            }
            let name = run.name_of(at);
            let next = run.continued(&name, started);
            let command = match self.reaching(self.get(verb, &names), run).await {
                Ok(command) => command,
                Err(error) => match ended {
                    Some(first) => return Ok((first, Err(error))),
                    None => return Err(error),
                },
            };
            let next = self.hands.tool.stream(&command, &next).await;
            ended = Some(match ended.take() {
                None => next?,
                Some(first) => match next {
                    Ok(next) => join(first, next),
                    // The first one ran, so this is an end and not an error.
                    Err(error) => return Ok((first, Err(error))),
                },
            });
        }
        let ended = ended.unwrap_or_else(|| Ended::quietly(Outcome::Succeeded));
        if ended.outcome != Outcome::Succeeded {
            return Ok((ended, Ok(())));
        }
        let marked = match self.mark("auto", &texts(&plan.auto)).await {
            Ok(()) => self.mark("manual", &texts(&plan.manual)).await,
            Err(error) => Err(error),
        };
        Ok((ended, marked))
    }
}

/// Which of our packages the others would lose, with the reason to keep them.
fn blamed(plan: &RevertPlan, others: &[&Move], now: &Installed) -> Vec<(PackageName, String)> {
    let leaving = plan.leaving();
    let mut blamed: Vec<(PackageName, String)> = Vec::new();
    for other in others {
        let needs = now.rows.iter().find(|row| row.name == other.name).map(|row| &row.depends);
        let named = |name: &&&PackageName| {
            let row = now.rows.iter().find(|row| row.name == ***name);
            needs.is_some_and(|needs| {
                let base = name.as_str().split(':').next().unwrap_or_default();
                needs.contains(base) || row.is_some_and(|row| !row.provides.is_disjoint(needs))
            })
        };
        for name in leaving.iter().filter(named) {
            if blamed.iter().all(|(known, _)| known != *name) {
                blamed.push(((*name).clone(), format!("{} needs it", other.name)));
            }
        }
    }
    if blamed.is_empty() {
        // apt sees a reason that the records do not name: leave everything alone.
        let names: Vec<String> = others.iter().map(|m| m.name.to_string()).collect();
        let why = format!("removing it would also change {}", shorten(&names));
        blamed = leaving.into_iter().map(|name| (name.clone(), why.clone())).collect();
    }
    blamed
}

fn texts(names: &[PackageName]) -> Vec<String> {
    names.iter().map(PackageName::to_string).collect()
}

fn leaving(plan: &RevertPlan) -> Vec<String> {
    plan.leaving().into_iter().map(PackageName::to_string).collect()
}

fn versioned(plan: &RevertPlan) -> Vec<String> {
    plan.restore.iter().map(|(name, version)| format!("{name}={version}")).collect()
}

/// The packages that this plan touches.
fn touched(plan: &RevertPlan) -> BTreeSet<&PackageName> {
    let restored = plan.restore.iter().map(|(name, _)| name);
    plan.leaving().into_iter().chain(restored).chain(&plan.auto).chain(&plan.manual).collect()
}

fn wanted_changes(plan: &RevertPlan, changes: &[Change], now: &Installed) -> Vec<Change> {
    let touched = touched(plan);
    let back = |name: &PackageName| {
        let resource = now.snapshot.resource(name);
        let change = changes.iter().find(|change| change.resource == resource)?;
        let before = now.snapshot.state(name);
        Some(Change { resource, before, after: change.before.clone() })
    };
    touched.into_iter().filter_map(back).collect()
}

/// The packages that are not as they were before, though they should be.
fn not_back(plan: &RevertPlan, changes: &[Change], after: &Installed) -> Vec<String> {
    let replaced = |name: &PackageName| plan.restore.iter().any(|(known, _)| known == name);
    let wrong = |name: &&PackageName| {
        let resource = after.snapshot.resource(name);
        let wanted = changes.iter().find(|change| change.resource == resource);
        let state = after.snapshot.state(name);
        // A package that comes back in another version was told in `kept`.
        let fine = if replaced(name) {
            after.snapshot.has(name)
        } else {
            wanted.is_some_and(|change| same_kind(&change.before, &state))
        };
        !fine
    };
    touched(plan).into_iter().filter(wrong).map(PackageName::to_string).collect()
}

/// Left-over configuration may be of another version afterwards; all else is exact.
fn same_kind(wanted: &d1_core::State, is: &d1_core::State) -> bool {
    use d1_core::State::ConfigFiles;
    matches!((wanted, is), (ConfigFiles { .. }, ConfigFiles { .. })) || wanted == is
}
