//! Every manager that has a dialect, as a [`PackageManager`].

use super::{dialect::Known, generic::Modelled};
use crate::packages::{Goal, PackageManager, Run, ToolError, trouble::Trouble};
use d1_core::{
    Answer, Baseline, Change, Ended, ExecutorError, IndexEntry, Manager, PackageName, Packages,
    Preview, Probed, Query, Resource, State, Undo,
};
use std::{path::PathBuf, time::Duration};

/// The most characters of a summary: it is data of others.
const MAX_SUMMARY: usize = 160;
/// How many packages an answer lists.
const MOST_ANSWERS: usize = 5;

impl Modelled {
    async fn try_answer(&self, query: &Query) -> Result<Answer, ToolError> {
        let names = match query {
            Query::Package { manager, name } if *manager == self.manager() => {
                vec![name.to_string()]
            }
            Query::Similar { manager, name } if *manager == self.manager() => {
                self.similar(name.as_str()).await?
            }
            Query::Provides { manager, command } if *manager == self.manager() => {
                let said = self.hands.look(&self.dialect.provides(command)).await?;
                if !said.ok() && said.stdout.trim().is_empty() && !said.stderr.trim().is_empty() {
                    let tail = crate::packages::trouble::tail_of(&said.stderr).join("; ");
                    return Ok(Answer::Unknown(tail));
                }
                self.dialect.parse_provides(&said)
            }
            Query::Package { .. }
            | Query::Similar { .. }
            | Query::Provides { .. }
            | Query::Command(_)
            | Query::Registry(_) => {
                return Ok(Answer::Unknown(format!(
                    "this is not a question for {}",
                    self.manager()
                )));
            }
        };
        let legal = names.into_iter().filter(|name| self.dialect.is_legal(name));
        let names: Vec<String> = legal.take(MOST_ANSWERS).collect();
        let known = self.known(&names).await?;
        let now = self.snapshot().await?;
        let entry = |name: String| -> Option<IndexEntry> {
            let name: PackageName = name.parse().ok()?;
            let found = known.iter().find(|known| known.name == name.as_str());
            let installed = match now.state(&name) {
                State::Installed { version, .. } => Some(version),
                State::Absent
                | State::Present
                | State::ConfigFiles { .. }
                | State::Broken { .. }
                | State::File { .. }
                | State::Directory { .. }
                | State::Permissions { .. }
                | State::Link { .. } => None,
            };
            let Known { version, summary, .. } = match (found, &installed) {
                (Some(found), _) => found.clone(),
                (None, Some(_)) => Known::default(),
                (None, None) => return None,
            };
            let summary = summary.chars().filter(|c| !c.is_control()).take(MAX_SUMMARY).collect();
            Some(IndexEntry { name, version, installed, summary })
        };
        Ok(Answer::Packages(names.into_iter().filter_map(entry).collect()))
    }
}

#[async_trait::async_trait]
impl PackageManager for Modelled {
    fn kind(&self) -> Manager {
        self.manager()
    }

    fn available(&self) -> bool {
        self.hands.host.find(self.dialect.program()).is_some()
    }

    async fn index_age(&self) -> Option<Duration> {
        let places = self.dialect.index_places().iter().map(|place| self.hands.host.file(place));
        self.hands.host.age_of_newest(&places.collect::<Vec<PathBuf>>())
    }

    async fn answer(&self, queries: &[Query]) -> Vec<Answer> {
        let mut answers = Vec::new();
        for query in queries {
            let answer = self.try_answer(query).await;
            answers.push(answer.unwrap_or_else(|error| Answer::Unknown(error.to_string())));
        }
        answers
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
        let blocked = |trouble: Trouble| Preview::blocked(trouble.problem(self.manager(), &[]));
        if self.dialect.refresh().is_none() {
            return Ok(blocked(Trouble::NoRefresh));
        }
        Ok(Preview::absent(Undo::None(
            "an index has nothing to go back to, and needs nothing".into(),
        )))
    }

    async fn prepare(&self) -> Result<Baseline, ExecutorError> {
        Ok(self.snapshot().await?.to_baseline())
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
