//! An executor that does as it is told, and remembers what it was asked to do.

use d1_core::{
    Baseline, Change, Ended, Executor, ExecutorError, Facts, Job, Os, Outcome, Output, Presence,
    Preview, ProbeAnswer, Probed, Proposal, Query, Resource, State, Stop, TaskId, Undo,
};
use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard},
};
use tokio::sync::{mpsc, watch};

/// An executor that does as it is told, and remembers what it was asked to do.
#[derive(Debug)]
pub(crate) struct Puppet {
    script: Mutex<Script>,
    acts: watch::Sender<Acts>,
    released: watch::Sender<BTreeSet<TaskId>>,
}

/// What it does when it is asked.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    /// Whether work goes on until it is released or stopped.
    pub(crate) holds: bool,
    /// Whether work dies in the middle, without an end.
    pub(crate) panics: bool,
    /// What it writes before it ends.
    pub(crate) says: Vec<Output>,
    /// What a probe finds; `None` when it cannot look.
    pub(crate) finds: Option<ProbeAnswer>,
    /// What a probe finds done was so before it began.
    pub(crate) was_so: bool,
}

/// What it was asked to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Acts {
    /// Attempts it began, in order.
    pub(crate) begun: Vec<(TaskId, u32)>,
    /// Attempts it ended.
    pub(crate) ended: Vec<(TaskId, u32)>,
    /// Tasks it looked after.
    pub(crate) probed: Vec<TaskId>,
    /// Pieces of output that were taken from it.
    pub(crate) said: usize,
}

impl Puppet {
    /// One whose work ends well at once.
    pub(crate) fn new() -> Self {
        let finds = Some(ProbeAnswer::NotDone);
        Self {
            script: Mutex::new(Script {
                holds: false,
                panics: false,
                says: Vec::new(),
                finds,
                was_so: false,
            }),
            acts: watch::Sender::default(),
            released: watch::Sender::default(),
        }
    }

    /// What it will do from now on.
    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    /// What it was asked to do so far.
    pub(crate) fn acts(&self) -> Acts {
        self.acts.borrow().clone()
    }

    /// Lets the work of a task end well.
    pub(crate) fn release(&self, task: TaskId) {
        self.released.send_modify(|released| {
            released.insert(task);
        });
    }

    async fn work(&self, task: TaskId, stop: &Stop) -> Outcome {
        let mut released = self.released.subscribe();
        tokio::select! {
            biased;
            () = stop.kill().cancelled() => Outcome::Killed,
            () = stop.now().cancelled() => Outcome::Cancelled,
            _ = released.wait_for(|all| all.contains(&task)) => Outcome::Succeeded,
        }
    }
}

/// What every piece of work changes.
pub(crate) fn the_change() -> Change {
    let resource = Resource::File("/srv/said".parse().unwrap());
    Change { resource, before: State::Absent, after: State::Present }
}

/// How everything was before any work.
pub(crate) fn the_baseline() -> Baseline {
    let Change { resource, before, .. } = the_change();
    Baseline { states: vec![(resource, before)], complete_for: None }
}

#[async_trait::async_trait]
impl Executor for Puppet {
    async fn facts(&self, _queries: &[Query]) -> Result<Facts, ExecutorError> {
        Ok(Facts::bare(Os::Linux))
    }

    async fn preview(&self, _what: &Proposal) -> Result<Preview, ExecutorError> {
        Ok(Preview { presence: Presence::Absent, ..Preview::absent(Undo::Exact) })
    }

    async fn prepare(&self, _task: TaskId, _what: &Proposal) -> Result<Baseline, ExecutorError> {
        Ok(the_baseline())
    }

    async fn run(
        &self,
        job: &Job,
        output: &mpsc::Sender<Output>,
        stop: &Stop,
    ) -> Result<Ended, ExecutorError> {
        assert_eq!(job.baseline, the_baseline());
        let attempt = (job.task, job.attempt);
        self.acts.send_modify(|acts| acts.begun.push(attempt));
        let script = self.script().clone();
        assert!(!script.panics, "as arranged");
        for piece in script.says {
            output.send(piece).await.unwrap();
            self.acts.send_modify(|acts| acts.said += 1);
        }
        let outcome =
            if script.holds { self.work(job.task, stop).await } else { Outcome::Succeeded };
        self.acts.send_modify(|acts| acts.ended.push(attempt));
        Ok(Ended { changes: vec![the_change()], ..Ended::quietly(outcome) })
    }

    async fn probe(
        &self,
        job: &Job,
        _output: &mpsc::Sender<Output>,
    ) -> Result<Probed, ExecutorError> {
        assert_eq!(job.baseline, the_baseline());
        self.acts.send_modify(|acts| acts.probed.push(job.task));
        let answer = self.script().finds.clone();
        let answer = answer.ok_or_else(|| ExecutorError::Machine {
            doing: "look at the disk",
            source: "it is gone".into(),
        })?;
        let nothing = answer == ProbeAnswer::NotDone || self.script().was_so;
        let changes = if nothing { Vec::new() } else { vec![the_change()] };
        Ok(Probed { answer, changes })
    }
}
