//! The [`PackageManager`] port: look at, install, remove and take back packages.

use super::tool::Run;
use d1_core::{
    Answer, Baseline, Change, Ended, ExecutorError, Manager, Packages, Preview, Probed, Query,
    Resource,
};
use std::{fmt, time::Duration};

/// What a job that was cut off wanted to reach.
#[derive(Clone, Copy, Debug)]
pub enum Goal<'a> {
    /// Packages on or off the machine.
    Packages(&'a Packages),
    /// A fresh index.
    Index,
    /// Changes taken back.
    Revert {
        /// Which changes.
        changes: &'a [Change],
        /// What other receipts still need.
        needed_elsewhere: &'a [Resource],
    },
}

/// Looks at, installs, removes and takes back the packages of one manager.
///
/// `Err` always means that nothing was started.
#[async_trait::async_trait]
pub trait PackageManager: fmt::Debug + Send + Sync {
    /// Which manager this is.
    fn kind(&self) -> Manager;

    /// Whether this machine has it.
    fn available(&self) -> bool;

    /// How long ago its index was refreshed; `None` when it has none or it is not known.
    async fn index_age(&self) -> Option<Duration>;

    /// Answers questions about packages, one answer for each, in the same order.
    /// Changes nothing and never asks the network. What cannot be told, and what is
    /// not a question for this manager, is [`Answer::Unknown`] with the reason.
    async fn answer(&self, queries: &[Query]) -> Vec<Answer>;

    /// Checks whether the goal is reached, and simulates what would change.
    /// Changes nothing. What cannot be done is `blocked`.
    async fn preview(&self, wanted: &Packages) -> Result<Preview, ExecutorError>;

    /// What taking these changes back would change. Changes nothing.
    async fn preview_revert(
        &self,
        changes: &[Change],
        needed_elsewhere: &[Resource],
    ) -> Result<Preview, ExecutorError>;

    /// What refreshing the index would do. Changes nothing.
    async fn preview_refresh(&self) -> Result<Preview, ExecutorError>;

    /// Records how every package is. Changes nothing.
    async fn prepare(&self) -> Result<Baseline, ExecutorError>;

    /// Installs or removes, and verifies.
    ///
    /// - What is already so ends as [`Outcome::NoChange`](d1_core::Outcome::NoChange).
    /// - Waits for whoever else is at the package database, and says who that is.
    /// - Only packages that were named are removed; an installation that would remove
    ///   others does not start.
    /// - `changes` is what really differs from before, whatever the outcome.
    async fn apply(&self, wanted: &Packages, run: &Run<'_>) -> Result<Ended, ExecutorError>;

    /// Refreshes the index. Changes no package.
    async fn refresh(&self, run: &Run<'_>) -> Result<Ended, ExecutorError>;

    /// Takes `changes` back: each package goes to the state it had before.
    ///
    /// Nothing that is not in `changes` is removed, ever. What others need by now, or
    /// a person has adopted, stays and is told in `kept`, with the reason.
    async fn revert(
        &self,
        changes: &[Change],
        needed_elsewhere: &[Resource],
        run: &Run<'_>,
    ) -> Result<Ended, ExecutorError>;

    /// Finds out what became of a job whose process died. First waits until nothing
    /// of it runs any more, for at most the run's timeout. Changes nothing.
    async fn probe(
        &self,
        goal: Goal<'_>,
        baseline: &Baseline,
        run: &Run<'_>,
    ) -> Result<Probed, ExecutorError>;
}
