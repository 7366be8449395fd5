//! apt as a [`PackageManager`].

use super::Apt;
use crate::packages::{Goal, PackageManager, Run};
use d1_core::{
    Answer, Baseline, Change, Ended, ExecutorError, Manager, Packages, Preview, Probed, Query,
    Resource, Undo,
};
use std::time::Duration;

#[async_trait::async_trait]
impl PackageManager for Apt {
    fn kind(&self) -> Manager {
        Manager::Apt
    }

    fn available(&self) -> bool {
        self.hands.host.find("apt-get").is_some() && self.hands.host.find("dpkg-query").is_some()
    }

    async fn index_age(&self) -> Option<Duration> {
        let layout = self.layout().await.ok()?;
        layout.has_index().then(|| self.hands.host.age_of_newest(&layout.index_stamps())).flatten()
    }

    async fn answer(&self, queries: &[Query]) -> Vec<Answer> {
        self.answer_all(queries).await
    }

    async fn preview(&self, wanted: &Packages) -> Result<Preview, ExecutorError> {
        Ok(self.preview_packages(wanted).await?)
    }

    async fn preview_revert(
        &self,
        changes: &[Change],
        needed_elsewhere: &[Resource],
    ) -> Result<Preview, ExecutorError> {
        Ok(self.preview_of_revert(changes, needed_elsewhere).await?)
    }

    async fn preview_refresh(&self) -> Result<Preview, ExecutorError> {
        let undo = "an index has nothing to go back to, and needs nothing";
        let mut preview = Preview::absent(Undo::None(undo.into()));
        self.add_hosts(&mut preview).await?;
        Ok(preview)
    }

    async fn prepare(&self) -> Result<Baseline, ExecutorError> {
        Ok(self.installed().await?.snapshot.to_baseline())
    }

    async fn apply(&self, wanted: &Packages, run: &Run<'_>) -> Result<Ended, ExecutorError> {
        Ok(self.apply_packages(wanted, run).await?)
    }

    async fn refresh(&self, run: &Run<'_>) -> Result<Ended, ExecutorError> {
        Ok(self.refresh_index(run).await?)
    }

    async fn revert(
        &self,
        changes: &[Change],
        needed_elsewhere: &[Resource],
        run: &Run<'_>,
    ) -> Result<Ended, ExecutorError> {
        Ok(self.revert_changes(changes, needed_elsewhere, run).await?)
    }

    async fn probe(
        &self,
        goal: Goal<'_>,
        baseline: &Baseline,
        run: &Run<'_>,
    ) -> Result<Probed, ExecutorError> {
        Ok(self.probe_goal(goal, baseline, run).await?)
    }
}
