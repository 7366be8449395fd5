//! Taking changes back, for every manager that has a dialect.

use super::{dialect::Words, generic::Modelled};
use crate::packages::{
    Run, ToolError, revert_plan::RevertPlan, snapshot::Snapshot, trouble::Trouble,
};
use d1_core::{
    Change, Ended, Outcome, PackageName, PackageOperation, Preview, Resource, State, Undo,
};
use tokio::time::Instant;

impl Modelled {
    /// What is to be done to take changes back, without taking others along.
    pub(super) async fn plan_revert(
        &self,
        changes: &[Change],
        needed_elsewhere: &[Resource],
        now: &Snapshot,
    ) -> Result<RevertPlan, ToolError> {
        let mut plan = RevertPlan::new(self.manager(), changes, needed_elsewhere, now);
        self.narrow(&mut plan, now).await?;
        self.find_versions(&mut plan, now).await?;
        for (automatic, marked) in [(true, &mut plan.auto), (false, &mut plan.manual)] {
            if self.dialect.mark(automatic, &[]).is_none() {
                marked.clear();
            }
        }
        Ok(plan)
    }

    /// Keeps what would take others along: every round keeps at least one, so it ends.
    async fn narrow(&self, plan: &mut RevertPlan, now: &Snapshot) -> Result<(), ToolError> {
        while !plan.purge.is_empty() {
            let names: Vec<String> = plan.purge.iter().map(PackageName::to_string).collect();
            let Err(trouble) = self.foresee(PackageOperation::Remove, &names, now).await? else {
                break;
            };
            let mut blamed = Vec::new();
            for name in &plan.purge {
                let alone = [name.to_string()];
                let others = match self.foresee(PackageOperation::Remove, &alone, now).await? {
                    Err(Trouble::Removals { names: others }) => others,
                    Ok(_) | Err(_) => continue,
                };
                let outside: Vec<String> =
                    others.into_iter().filter(|o| !names.contains(o)).collect();
                if !outside.is_empty() {
                    blamed.push((name.clone(), format!("{} needs it", outside.join(", "))));
                }
            }
            if blamed.is_empty() {
                let why = trouble.problem(self.manager(), &[]).title;
                blamed = plan.purge.iter().map(|name| (name.clone(), why.clone())).collect();
            }
            for (name, why) in blamed {
                plan.keep(&name, &why);
            }
        }
        Ok(())
    }

    /// These managers bring back only what their index has now.
    async fn find_versions(&self, plan: &mut RevertPlan, now: &Snapshot) -> Result<(), ToolError> {
        let names: Vec<String> = plan.restore.iter().map(|(name, _)| name.to_string()).collect();
        let known = self.known(&names).await?;
        for (name, version) in std::mem::take(&mut plan.restore) {
            let found = known.iter().find(|known| known.name == name.as_str());
            match found {
                Some(found) if !now.has(&name) => {
                    if found.version != version {
                        plan.kept.push(format!(
                            "{name} comes back as {}: the index no longer has {version}",
                            found.version
                        ));
                    }
                    plan.restore.push((name, found.version.clone()));
                }
                Some(_) | None => {
                    plan.auto.retain(|marked| *marked != name);
                    plan.manual.retain(|marked| *marked != name);
                    plan.kept
                        .push(format!("{name} stays as it is: {version} cannot be brought back"));
                }
            }
        }
        Ok(())
    }

    pub(super) async fn revert_changes(
        &self,
        changes: &[Change],
        needed_elsewhere: &[Resource],
        run: &Run<'_>,
    ) -> Result<Ended, ToolError> {
        let started = Instant::now();
        let before = self.snapshot().await?;
        let plan = self.plan_revert(changes, needed_elsewhere, &before).await?;
        if plan.is_empty() {
            return Ok(Ended { kept: plan.kept, ..Ended::quietly(Outcome::NoChange) });
        }
        if !self.hands.may_change().await {
            return Ok(self.refused(Trouble::NeedsRoot));
        }
        let ended = self.carry_out(&self.commands(&plan), run, started).await?;
        let missing = |after: &Snapshot| {
            let gone = plan.purge.iter().filter(|name| after.state(name) != State::Absent);
            let back = plan.restore.iter().map(|(name, _)| name).filter(|name| !after.has(name));
            gone.chain(back).map(PackageName::to_string).collect()
        };
        let ended = self.settle(ended, &before, missing).await;
        Ok(Ended { kept: plan.kept, ..ended })
    }

    fn commands(&self, plan: &RevertPlan) -> Vec<Words> {
        let texts = |names: &[PackageName]| -> Vec<String> {
            names.iter().map(PackageName::to_string).collect()
        };
        let restored: Vec<String> = plan.restore.iter().map(|(name, _)| name.to_string()).collect();
        let mut commands = Vec::new();
        if !plan.purge.is_empty() {
            commands.extend(self.dialect.work(PackageOperation::Remove, &texts(&plan.purge)));
        }
        if !restored.is_empty() {
            commands.extend(self.dialect.work(PackageOperation::Install, &restored));
        }
        for (automatic, names) in [(true, &plan.auto), (false, &plan.manual)] {
            if !names.is_empty() {
                commands.extend(self.dialect.mark(automatic, &texts(names)));
            }
        }
        commands
    }

    pub(super) async fn preview_of_revert(
        &self,
        changes: &[Change],
        needed_elsewhere: &[Resource],
    ) -> Result<Preview, ToolError> {
        let now = self.snapshot().await?;
        let plan = self.plan_revert(changes, needed_elsewhere, &now).await?;
        if plan.is_empty() {
            return Ok(Preview { warnings: plan.kept, ..Preview::present() });
        }
        let touched = |change: &&Change| {
            let is = |name: &PackageName| now.resource(name) == change.resource;
            plan.leaving().into_iter().any(is)
                || plan.restore.iter().any(|(name, _)| is(name))
                || plan.auto.iter().chain(&plan.manual).any(is)
        };
        let back = |change: &Change| {
            let name: Option<PackageName> =
                crate::packages::snapshot::name_of(change)?.parse().ok();
            let before = now.state(&name?);
            Some(Change { resource: change.resource.clone(), before, after: change.before.clone() })
        };
        let undo = Undo::Partial("installing again is a new setup".into());
        let changes = changes.iter().filter(touched).filter_map(back).collect();
        Ok(Preview { changes, warnings: plan.kept, ..Preview::absent(undo) })
    }
}
