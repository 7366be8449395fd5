//! Steps carried out on a patient, and taken back.

use crate::patient::Patient;
use d1_core::{
    Action, Change, Ended, Executor as _, Job, Outcome, Revert, Step, Stop, SystemClock, TaskId,
};
use d1_executor::{Machine, MachineConfig, Policy, Surroundings, this_sandbox};
use std::sync::Arc;
use tokio::sync::mpsc;

/// More output than any step here makes.
const OUTPUTS: usize = 10_000;

/// What a step did.
pub(crate) type Done = (TaskId, Vec<Change>);

/// The patient as a machine on which steps are carried out: its own programs come first.
pub(crate) fn machine_of(patient: &Patient) -> Machine {
    let around = Surroundings { home: patient.at("/home/maya"), ours: Vec::new() };
    Machine::new(MachineConfig {
        state_dir: patient.outside().join("state"),
        policy: Policy::default(),
        root: patient.at("/"),
        path: format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", patient.at("/tools").display()),
        home: patient.at("/home/maya"),
        sandbox: this_sandbox(around).ok(),
        clock: Arc::new(SystemClock::new()),
    })
}

/// Carries out steps one after the other; each of them succeeds.
pub(crate) async fn carry_out_all(machine: &Machine, steps: &[Step]) -> Vec<Done> {
    let mut done = Vec::new();
    for step in steps {
        let (task, ended) = carry_out(machine, step.clone()).await;
        assert_eq!(ended.outcome, Outcome::Succeeded, "{}: {ended:?}", step.id);
        done.push((task, ended.changes));
    }
    done
}

/// Takes back what steps did, the last one first; nothing stays.
pub(crate) async fn take_back_all(machine: &Machine, done: Vec<Done>) {
    for (task, changes) in done.into_iter().rev().filter(|(_, changes)| !changes.is_empty()) {
        let action = Action::Revert(Revert { task, changes });
        let step = Step::new("undo".parse().unwrap(), "undo", action);
        let (_, ended) = carry_out(machine, step).await;
        assert_eq!(ended.outcome, Outcome::Succeeded, "{ended:?}");
        assert!(ended.kept.is_empty(), "{:?}", ended.kept);
    }
}

async fn carry_out(machine: &Machine, step: Step) -> (TaskId, Ended) {
    let task = TaskId::generate();
    let baseline = machine.prepare(task, &(&step).into()).await.unwrap();
    let (output, _nobody_listens) = mpsc::channel(OUTPUTS);
    let ended = machine.run(&Job::new(task, step, baseline), &output, &Stop::new()).await.unwrap();
    (task, ended)
}
