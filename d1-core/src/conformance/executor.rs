//! The laws of [`Executor`].

mod failures;
mod foresight;
mod output;
mod probes;
mod stops;
mod undo;
mod work;

use super::{Laws, patiently};
use crate::{
    Action, Change, Ended, Executor, ExecutorError, Job, Outcome, Output, Resource, Revert, Step,
    Stop, TaskId,
};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// A fresh machine that sits the exam, and what it can do.
///
/// Every law has its own. Whatever it needs to live, a scratch folder for one, is kept by
/// [`Examinee::observe`].
pub struct Examinee {
    /// The machine.
    pub executor: Arc<dyn Executor>,
    /// Tells how everything is that the samples may change, without asking the machine:
    /// equal texts mean that nobody could tell the difference.
    pub observe: Arc<dyn Fn() -> String + Send + Sync>,
    /// Actions that can be done here in this order, and taken back exactly in the other.
    /// Each changes something, and no two change the same thing.
    pub reversible: Vec<Action>,
    /// Actions that this machine refuses to do.
    pub refused: Vec<Action>,
    /// A program that writes several pieces, more than one frame holds in all, and what it
    /// writes to standard output.
    pub talkative: Option<(Action, Vec<u8>)>,
    /// A program that runs, and fails by its own word.
    pub failing: Option<Action>,
    /// A program that never ends by itself.
    pub endless: Option<Action>,
}

/// Checks every law of [`Executor`], each on a fresh one from `make`.
///
/// A machine that cannot run programs leaves those samples out, and is not asked about them.
/// It waits for things that happen, so a machine that starts real processes does not sit it
/// under paused time.
pub async fn executor<F, E>(make: F)
where
    F: Fn() -> E,
    E: Future<Output = Examinee>,
{
    let mut laws = Laws::default();
    foresight::laws(&mut laws, &make).await;
    work::laws(&mut laws, &make).await;
    undo::laws(&mut laws, &make).await;
    probes::laws(&mut laws, &make).await;
    stops::laws(&mut laws, &make).await;
    output::laws(&mut laws, &make).await;
    failures::laws(&mut laws, &make).await;
    laws.all_hold();
}

/// How many pieces of output may wait: few, so that every job meets a slow reader.
const WAITING: usize = 1;
/// How often a slow reader lets the others go first.
const PAUSES: usize = 8;

impl Examinee {
    fn look(&self) -> String {
        (self.observe)()
    }

    /// A job that does `action`, with everything as it is now.
    async fn job(&self, action: &Action) -> Job {
        let task = TaskId::generate();
        let baseline = self.executor.prepare(task, &action.clone().into()).await.unwrap();
        Job { baseline, ..unprepared(task, action) }
    }

    /// Does it, to its end.
    async fn done(&self, job: &Job) -> Ended {
        let (ended, _) = self.heard(job, &Stop::new()).await;
        ended.unwrap()
    }

    /// Does it, and hears what it writes.
    async fn heard(&self, job: &Job, stop: &Stop) -> (Result<Ended, ExecutorError>, Vec<Output>) {
        let (tx, mut rx) = mpsc::channel(WAITING);
        let run = async move { self.executor.run(job, &tx, stop).await };
        let hear = async {
            let mut heard = Vec::new();
            while let Some(piece) = rx.recv().await {
                heard.push(piece);
                for _ in 0..PAUSES {
                    tokio::task::yield_now().await;
                }
            }
            heard
        };
        tokio::join!(run, hear)
    }

    /// Does one of the reversible samples.
    async fn worked(&self, action: &Action) -> (Job, Ended) {
        let job = self.job(action).await;
        let ended = self.done(&job).await;
        assert_eq!(ended.outcome, Outcome::Succeeded, "{:?}", ended.problem);
        (job, ended)
    }

    /// Takes back what a job changed.
    async fn undone(&self, job: &Job, changes: Vec<Change>) -> (Job, Ended) {
        let revert = Action::Revert(Revert { task: job.task, changes });
        let job = self.job(&revert).await;
        let ended = self.done(&job).await;
        (job, ended)
    }
}

/// A job of which nothing was recorded.
fn unprepared(task: TaskId, action: &Action) -> Job {
    let step = Step::new("exam".parse().unwrap(), "sit an exam", action.clone());
    Job::new(task, step, crate::Baseline::default())
}

fn resources(changes: &[Change]) -> Vec<Resource> {
    changes.iter().map(|change| change.resource.clone()).collect()
}

/// In an order that does not tell in which order they were made.
fn sorted(mut changes: Vec<Change>) -> Vec<Change> {
    changes.sort_by(|a, b| a.resource.cmp(&b.resource));
    changes
}
