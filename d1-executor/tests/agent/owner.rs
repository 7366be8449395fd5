//! Steps that the owner's policy refuses, ordered from afar: the real machine behind the agent.

use crate::rig::{Desk, an_order, served_by, why};
use d1_core::{
    Action, Argv, Exec, Journal, Outcome, Shell, Stage, SystemClock, TaskCommand, ToDevice,
};
use d1_executor::{Machine, MachineConfig, Policy, Surroundings, this_sandbox};
use std::{collections::BTreeMap, fs, sync::Arc};
use tempfile::TempDir;

/// Removing is forbidden, and what nobody understands needs a yes at the machine.
const POLICY: &str = "allow_shell = true\n[[forbid]]\nname = 'no-rm'\nwhy = 'w'\n\
                      program = 'rm'\nmatch = ['rm x']\n";

/// A machine whose owner has this policy, with a letter in its home.
fn owned() -> (TempDir, Arc<dyn Journal>, Desk) {
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    fs::write(folder.path().join("letter"), "dear").unwrap();
    let around = Surroundings { home: folder.path().to_path_buf(), ours: Vec::new() };
    let machine = Machine::new(MachineConfig {
        state_dir: folder.path().join("state"),
        policy: Policy::parse(POLICY, "").unwrap(),
        root: "/".into(),
        path: "/usr/bin:/bin".into(),
        home: folder.path().to_path_buf(),
        sandbox: this_sandbox(around).ok(),
        clock: Arc::new(SystemClock::new()),
    });
    let (journal, desk) = served_by(Arc::new(machine));
    (folder, journal, desk)
}

fn order(action: Action) -> TaskCommand {
    let mut order = an_order();
    order.step.action = action;
    order
}

fn exec(words: &[&str]) -> Action {
    let argv = Argv::new(words.iter().copied()).unwrap();
    Action::Exec(Exec { argv, cwd: None, env: BTreeMap::new() })
}

fn shell(script: &str) -> Action {
    Action::Shell(Shell { script: script.into(), env: BTreeMap::new() })
}

#[tokio::test]
async fn a_step_that_the_policy_refuses_is_never_begun_and_the_record_says_why() {
    let (folder, journal, mut desk) = owned();
    for (action, code) in [
        (exec(&["rm", "letter"]), "D1-POL-004"),
        (exec(&["nice", "rm", "letter"]), "D1-POL-004"),
        (shell("cat letter && rm letter"), "D1-POL-004"),
        (shell("x=r; ${x}m letter"), "D1-POL-003"),
        (exec(&["perl", "-e", "unlink 'letter'"]), "D1-POL-003"),
    ] {
        let order = order(action);
        desk.order(&order).await;
        let result = desk.result().await;
        assert_eq!((result.outcome, why(&result)), (Outcome::DeniedByPolicy, Some(code)));
        let stage = journal.entry(order.task).await.unwrap().unwrap().stage;
        assert_eq!(stage, Stage::Finished(Box::new(result)));
    }
    assert!(folder.path().join("letter").exists());
}

#[tokio::test]
async fn an_orchestrator_that_says_yes_to_itself_says_it_in_vain() {
    let (folder, _journal, mut desk) = owned();
    let guarded = order(exec(&["perl", "-e", "unlink 'letter'"]));
    let guarded = TaskCommand { require_confirmation: true, ..guarded };
    desk.order(&guarded).await;
    let _question = desk.hear().await;
    desk.say(ToDevice::Confirmed { task: guarded.task, yes: true }).await;
    let result = desk.result().await;
    assert_eq!((result.outcome, why(&result)), (Outcome::DeniedByPolicy, Some("D1-POL-003")));
    assert!(folder.path().join("letter").exists());
}
