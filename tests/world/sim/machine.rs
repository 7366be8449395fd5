//! The machines: simulated computers on which everything that is done is noted, and whose
//! processes may outlive the daemon that began them.

use super::{
    chance::Chance,
    flaw::Flaw,
    ground::{Ground, in_the_background},
    history::Event,
    life::Life,
};
use d1_core::{
    Baseline, Ended, Executor, ExecutorError, Facts, Job, Outcome, Output, Preview, Probed,
    Proposal, Query, Stop, TaskId, memory::MemoryMachine,
};
use std::{
    collections::BTreeMap,
    future::pending,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::mpsc;

/// Which attempts a machine is at.
#[derive(Clone, Debug, Default)]
pub(super) struct Processes(Arc<Mutex<BTreeMap<(TaskId, u32), usize>>>);

impl Processes {
    pub(super) fn are_alive(&self, task: TaskId, attempt: u32) -> bool {
        self.alive().contains_key(&(task, attempt))
    }

    fn alive(&self) -> MutexGuard<'_, BTreeMap<(TaskId, u32), usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An attempt that a machine is at, until dropped.
struct Process {
    processes: Processes,
    ground: Arc<Ground>,
    name: (TaskId, u32),
}

impl Process {
    fn begin(processes: &Processes, ground: &Arc<Ground>, name: (TaskId, u32)) -> Self {
        *processes.alive().entry(name).or_default() += 1;
        ground.history.note(Event::Began { task: name.0, attempt: name.1 });
        Self { processes: processes.clone(), ground: Arc::clone(ground), name }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let (task, attempt) = self.name;
        let mut alive = self.processes.alive();
        if let Some(count) = alive.get_mut(&self.name) {
            *count -= 1;
        }
        alive.retain(|_, count| *count > 0);
        self.ground.history.note(Event::Ended { task, attempt });
    }
}

/// A machine, as one life of its daemon uses it.
#[derive(Debug)]
pub(super) struct WatchedMachine {
    pub(super) machine: Arc<MemoryMachine>,
    pub(super) processes: Processes,
    pub(super) ground: Arc<Ground>,
    pub(super) chance: Chance,
    pub(super) life: Life,
}

#[async_trait::async_trait]
impl Executor for WatchedMachine {
    async fn facts(&self, queries: &[Query]) -> Result<Facts, ExecutorError> {
        self.life.breathe().await;
        self.machine.facts(queries).await
    }

    async fn preview(&self, step: &Proposal) -> Result<Preview, ExecutorError> {
        self.life.breathe().await;
        self.machine.preview(step).await
    }

    async fn prepare(&self, task: TaskId, step: &Proposal) -> Result<Baseline, ExecutorError> {
        self.life.breathe().await;
        self.machine.prepare(task, step).await
    }

    async fn run(
        &self,
        job: &Job,
        output: &mpsc::Sender<Output>,
        stop: &Stop,
    ) -> Result<Ended, ExecutorError> {
        self.life.breathe().await;
        let process = Process::begin(&self.processes, &self.ground, (job.task, job.attempt));
        let machine = Arc::clone(&self.machine);
        let deserts = self.ground.flaw == Some(Flaw::DesertsProcesses);
        let (asked, output) = if deserts {
            (Stop::new(), mpsc::channel(1).0)
        } else {
            (stop.clone(), output.clone())
        };
        let job = job.clone();
        // A process of its own: what becomes of it when its daemon dies is left to chance.
        let child = in_the_background(async move {
            let _process = process;
            machine.run(&job, &output, &asked).await
        });
        let kill = child.abort_handle();
        tokio::select! {
            biased;
            () = self.life.death() => {
                if !self.chance.happens(self.ground.weather.orphans) {
                    kill.abort();
                }
                pending().await
            }
            () = stop.now().cancelled(), if deserts => Ok(Ended::quietly(Outcome::Cancelled)),
            ended = child => {
                self.life.breathe().await;
                ended.unwrap_or_else(|error| Err(ExecutorError::Machine {
                    doing: "wait for a process",
                    source: error.into(),
                }))
            }
        }
    }

    async fn probe(
        &self,
        job: &Job,
        output: &mpsc::Sender<Output>,
    ) -> Result<Probed, ExecutorError> {
        self.life.breathe().await;
        let probed = self.machine.probe(job, output).await;
        self.life.breathe().await;
        probed
    }
}
