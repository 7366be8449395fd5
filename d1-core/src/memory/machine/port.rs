//! The verbs of the port, each as a real machine does it.

use super::{
    MemoryMachine, answers, foresight, goal,
    goal::Goal,
    revert, trouble,
    work::{Work, program_of},
};
use crate::{
    Action, Baseline, Change, Effect, Ended, Executor, ExecutorError, Facts, Job, Outcome, Output,
    Preview, ProbeAnswer, Probed, Proposal, Query, Resource, Stop, TaskId,
};
use tokio::sync::mpsc;

#[async_trait::async_trait]
impl Executor for MemoryMachine {
    async fn facts(&self, queries: &[Query]) -> Result<Facts, ExecutorError> {
        Ok(answers::facts(&self.world(), queries))
    }

    async fn preview(&self, what: &Proposal) -> Result<Preview, ExecutorError> {
        foresight::preview(self, &what.action)
    }

    async fn prepare(&self, _task: TaskId, what: &Proposal) -> Result<Baseline, ExecutorError> {
        let action = &what.action;
        self.may(action)?;
        let mut resources: Vec<Resource> =
            self.goals(action, &[])?.into_iter().map(|goal| goal.resource).collect();
        if let Action::Revert(revert) = action {
            resources.extend(revert.changes.iter().map(|change| change.resource.clone()));
        }
        resources.sort();
        resources.dedup();
        let world = self.world();
        let states = resources.into_iter().map(|one| (world.look(&one), one));
        let states = states.map(|(state, resource)| (resource, state)).collect();
        Ok(Baseline { states, complete_for: None })
    }

    async fn run(
        &self,
        job: &Job,
        output: &mpsc::Sender<Output>,
        stop: &Stop,
    ) -> Result<Ended, ExecutorError> {
        if stop.kill().is_cancelled() || (stop.now().is_cancelled() && job.step.interruptible) {
            return Ok(Ended::quietly(Outcome::Cancelled));
        }
        let action = &job.step.action;
        self.may(action)?;
        let _running = self.running(job);
        let work = Work::begin(self, job, output, stop);
        match action {
            Action::Exec(_) | Action::Shell(_) => match program_of(self, action)? {
                Some(program) => Ok(work.run(program).await),
                None => Ok(Ended::quietly(Outcome::NoChange)),
            },
            Action::RefreshIndex(manager) => {
                self.goals(action, &[])?;
                Ok(work.refresh(*manager).await)
            }
            Action::Revert(revert) => {
                let way = revert::way_back(&self.world(), &revert.changes, &job.needed_elsewhere);
                Ok(Ended { kept: way.kept, ..work.reach(way.goals).await })
            }
            Action::Packages(_) | Action::Service(_) | Action::GroupMember(_) | Action::File(_) => {
                let goals = self.goals(action, &[])?;
                Ok(work.reach(goals).await)
            }
        }
    }

    async fn probe(
        &self,
        job: &Job,
        _output: &mpsc::Sender<Output>,
    ) -> Result<Probed, ExecutorError> {
        let action = &job.step.action;
        if !self.until_gone(job).await {
            let why = "the earlier attempt still runs".to_owned();
            return Ok(Probed { answer: ProbeAnswer::Unknown(why), changes: Vec::new() });
        }
        match action {
            Action::Exec(_) | Action::Shell(_) => Ok(of_program(job)),
            Action::RefreshIndex(manager) => {
                let fresh = self.is_fresh(*manager);
                let answer = if fresh { ProbeAnswer::Done } else { ProbeAnswer::NotDone };
                Ok(Probed { answer, changes: Vec::new() })
            }
            Action::Packages(_)
            | Action::Service(_)
            | Action::GroupMember(_)
            | Action::File(_)
            | Action::Revert(_) => {
                let goals = self.goals(action, &job.needed_elsewhere)?;
                Ok(self.compare(&job.baseline, &goals))
            }
        }
    }
}

impl MemoryMachine {
    /// Whether the action may be done here at all.
    fn may(&self, action: &Action) -> Result<(), ExecutorError> {
        foresight::refuse(goal::beyond_rights(&self.world(), action))?;
        program_of(self, action).map(drop)
    }

    fn goals(&self, action: &Action, needed: &[Resource]) -> Result<Vec<Goal>, ExecutorError> {
        let world = self.world();
        if let Action::Revert(revert) = action {
            return Ok(revert::way_back(&world, &revert.changes, needed).goals);
        }
        goal::goals(&world, action).map_err(trouble::refused)
    }

    /// Compares the present with how it was and how it should be.
    fn compare(&self, baseline: &Baseline, goals: &[Goal]) -> Probed {
        let world = self.world();
        let open = goals.iter().any(|goal| !goal.is_reached(&world));
        let differs = |(resource, before): &(Resource, crate::State)| {
            let after = world.look(resource);
            let change = || Change { resource: resource.clone(), before: before.clone(), after };
            (world.look(resource) != *before).then(change)
        };
        let changes: Vec<Change> = baseline.states.iter().filter_map(differs).collect();
        let answer = match (open, changes.is_empty()) {
            (false, _) => ProbeAnswer::Done,
            (true, true) => ProbeAnswer::NotDone,
            (true, false) => ProbeAnswer::Unknown("some of it is done, and some is not".into()),
        };
        Probed { answer, changes }
    }
}

/// One that only looks can look again; of any other nobody can tell how far it came.
fn of_program(job: &Job) -> Probed {
    let answer = match job.step.effect {
        Effect::Read => ProbeAnswer::NotDone,
        Effect::Write | Effect::Destructive => {
            ProbeAnswer::Unknown("a program was running, and its effects cannot be seen".into())
        }
    };
    Probed { answer, changes: Vec::new() }
}
