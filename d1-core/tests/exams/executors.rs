//! Executors: the machine in memory, and what only it can be asked.

use crate::furnished::*;
use d1_core::{
    Action, Ended, Executor, ExecutorError, File, FileChange, Job, Manager, Outcome,
    PackageOperation, Presence, ProbeAnswer, Resource, Revert, ServiceChange, Shell, State, Step,
    Stop, StopMode, TaskId, conformance,
    memory::{Fault, MemoryMachine, Offer, Program},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::mpsc;

#[tokio::test(start_paused = true)]
async fn the_machine_in_memory_obeys_every_law() {
    let make = || async {
        let machine = Arc::new(furnished());
        examinee(&machine, Arc::clone(&machine) as Arc<dyn Executor>)
    };
    conformance::executor(make).await;
}

/// A job that does `action`, and nobody to listen to it.
async fn job(machine: &MemoryMachine, action: &Action) -> Job {
    let task = TaskId::generate();
    let baseline = machine.prepare(task, &action.clone().into()).await.unwrap();
    Job::new(task, Step::new("try".parse().unwrap(), "Try", action.clone()), baseline)
}

async fn run(machine: &MemoryMachine, action: &Action) -> Result<Ended, ExecutorError> {
    let (tx, _) = mpsc::channel(1);
    machine.run(&job(machine, action).await, &tx, &Stop::new()).await
}

#[tokio::test]
async fn a_package_that_fails_leaves_a_truthful_receipt_that_can_be_taken_back() {
    let machine = furnished();
    let before = machine.states();
    let fault = Fault::PackageFails(Manager::Apt, "libjq1".parse().unwrap());
    machine.suffer(fault.clone());

    let install = packages(PackageOperation::Install, &["jq"]);
    let ended = run(&machine, &install).await.unwrap();
    assert_eq!(ended.outcome, Outcome::Failed);
    let broken = State::Broken { version: "1.7.1-3".into(), status: "half-configured".into() };
    let after: Vec<_> = ended
        .changes
        .iter()
        .map(|change| (change.resource.clone(), change.after.clone()))
        .collect();
    assert_eq!(after, [(package("libonig5"), installed(true)), (package("libjq1"), broken)]);

    let revert = Action::Revert(Revert { task: TaskId::generate(), changes: ended.changes });
    assert_eq!(run(&machine, &revert).await.unwrap().outcome, Outcome::Succeeded);
    assert_eq!(machine.states(), before);

    machine.mend(&fault);
    assert_eq!(run(&machine, &install).await.unwrap().outcome, Outcome::Succeeded);
    assert_eq!(machine.look(&package("jq")), installed(false));
}

#[tokio::test]
async fn a_manager_that_is_gone_refuses_everything_and_answers_nothing() {
    let machine = furnished();
    machine.suffer(Fault::ManagerIsGone(Manager::Apt));
    let install = packages(PackageOperation::Install, &["jq"]);
    let preview = machine.preview(&install.clone().into()).await.unwrap();
    assert_eq!(preview.blocked.unwrap().code, "D1-PKG-001");
    let refused = machine.prepare(TaskId::generate(), &install.clone().into()).await;
    assert!(matches!(refused, Err(ExecutorError::Refused(_))));
    assert_eq!(machine.facts(&[]).await.unwrap().managers, []);
}

#[tokio::test]
async fn what_cannot_be_written_or_started_fails_and_stays_as_it_was() {
    let machine = furnished();
    let before = machine.states();
    machine.suffer(Fault::FileIsReadOnly(path("/etc/motd")));
    machine.suffer(Fault::ServiceFails("ssh".parse().unwrap()));
    let line = FileChange::EnsureLine { line: "hello".into() };
    let motd = Action::File(File { path: path("/etc/motd"), change: line });
    for action in [motd, service("ssh", ServiceChange::Start)] {
        let ended = run(&machine, &action).await.unwrap();
        assert_eq!((ended.outcome, ended.changes), (Outcome::Failed, Vec::new()));
    }
    assert_eq!(machine.states(), before);
}

#[tokio::test(start_paused = true)]
async fn work_that_is_called_off_half_way_tells_what_it_did() {
    let machine = furnished();
    machine.take_time(Duration::from_secs(10));
    let job = job(&machine, &packages(PackageOperation::Install, &["jq"])).await;
    let (tx, _) = mpsc::channel(1);
    let stop = Stop::new();
    let ask = async {
        tokio::time::sleep(Duration::from_secs(15)).await;
        stop.ask(StopMode::Now);
    };
    let (ended, ()) = tokio::join!(machine.run(&job, &tx, &stop), ask);
    let ended = ended.unwrap();
    let resources: Vec<_> = ended.changes.iter().map(|change| change.resource.clone()).collect();
    assert_eq!((ended.outcome, resources), (Outcome::Cancelled, vec![package("libonig5")]));
    let found = machine.probe(&job, &tx).await.unwrap();
    assert!(matches!(found.answer, ProbeAnswer::Unknown(_)));
    assert_eq!(found.changes, ended.changes);
}

#[tokio::test(start_paused = true)]
async fn a_probe_waits_until_the_earlier_attempt_runs_no_more() {
    let machine = furnished();
    machine.take_time(Duration::from_secs(5));
    let job = job(&machine, &packages(PackageOperation::Install, &["jq"])).await;
    let (tx, _) = mpsc::channel(1);
    let stop = Stop::new();
    let (ended, found) = tokio::join!(machine.run(&job, &tx, &stop), machine.probe(&job, &tx));
    assert_eq!(ended.unwrap().outcome, Outcome::Succeeded);
    assert_eq!(found.unwrap().answer, ProbeAnswer::Done);
}

#[tokio::test]
async fn a_package_that_another_needs_is_kept_by_an_undo() {
    let machine = furnished();
    let ended = run(&machine, &packages(PackageOperation::Install, &["libjq1"])).await.unwrap();
    run(&machine, &packages(PackageOperation::Install, &["jq"])).await.unwrap();
    let revert = Action::Revert(Revert { task: TaskId::generate(), changes: ended.changes });
    let undone = run(&machine, &revert).await.unwrap();
    assert_eq!((undone.outcome, undone.changes), (Outcome::NoChange, Vec::new()));
    let kept = ["apt package libjq1: jq needs it", "apt package libonig5: jq needs it"];
    assert_eq!(undone.kept, kept);
}

#[tokio::test]
async fn removing_a_package_takes_what_needs_it_and_says_so_before() {
    let machine = furnished();
    run(&machine, &packages(PackageOperation::Install, &["jq"])).await.unwrap();
    let before = machine.states();
    let remove = packages(PackageOperation::Remove, &["libonig5"]);
    let preview = machine.preview(&remove.clone().into()).await.unwrap();
    let warned = ["apt package jq goes with it", "apt package libjq1 goes with it"];
    assert_eq!(preview.warnings, warned);
    let ended = run(&machine, &remove).await.unwrap();
    assert_eq!(ended.changes, preview.changes);
    let revert = Action::Revert(Revert { task: TaskId::generate(), changes: ended.changes });
    run(&machine, &revert).await.unwrap();
    assert_eq!(machine.states(), before);
}

#[tokio::test]
async fn a_command_is_there_once_its_package_is() {
    let machine = furnished();
    assert!(matches!(
        machine.prepare(TaskId::generate(), &exec("jq").into()).await,
        Err(ExecutorError::Refused(_))
    ));
    run(&machine, &packages(PackageOperation::Install, &["jq"])).await.unwrap();
    let ended = run(&machine, &exec("jq")).await.unwrap();
    assert_eq!((ended.outcome, ended.stdout.as_str()), (Outcome::Succeeded, "jq 1.7.1-3\n"));
}

#[tokio::test]
async fn a_script_runs_where_the_owner_allows_it_and_it_is_known() {
    let machine = furnished();
    machine.allow_shell();
    machine.teach("rm -r build", Program::saying("gone\n"));
    let shell =
        |script: &str| Action::Shell(Shell { script: script.to_owned(), env: BTreeMap::new() });
    assert_eq!(run(&machine, &shell("rm -r build")).await.unwrap().stdout, "gone\n");
    let unheard_of = machine.prepare(TaskId::generate(), &shell("rm -r /").into()).await;
    assert!(matches!(unheard_of, Err(ExecutorError::Refused(_))));
}

#[tokio::test]
async fn an_index_is_refreshed_once() {
    let machine = furnished();
    let refresh = Action::RefreshIndex(Manager::Apt);
    assert_eq!(machine.preview(&refresh.clone().into()).await.unwrap().presence, Presence::Absent);
    assert_eq!(run(&machine, &refresh).await.unwrap().outcome, Outcome::Succeeded);
    assert_eq!(machine.preview(&refresh.clone().into()).await.unwrap().presence, Presence::Present);
    assert_eq!(run(&machine, &refresh).await.unwrap().outcome, Outcome::NoChange);
}

#[tokio::test]
async fn an_ordinary_user_changes_files_and_no_packages() {
    let mut facts = MemoryMachine::new().facts(&[]).await.unwrap();
    (facts.user.is_root, facts.user.can_elevate) = (false, false);
    let machine = MemoryMachine::described(facts);
    machine.offer(Offer::new(Manager::Apt, "jq".parse().unwrap(), "1"));
    let install = packages(PackageOperation::Install, &["jq"]);
    assert_eq!(
        machine.preview(&install.clone().into()).await.unwrap().blocked.unwrap().code,
        "D1-EXEC-006"
    );
    let refused = machine.prepare(TaskId::generate(), &install.clone().into()).await;
    assert!(matches!(refused, Err(ExecutorError::Refused(_))));
    let write = FileChange::Write { content: "x".into(), mode: None };
    let file = Action::File(File { path: path("~/.config/x"), change: write });
    assert_eq!(run(&machine, &file).await.unwrap().outcome, Outcome::Succeeded);
    assert_eq!(machine.content(&path("~/.config/x")), Some(b"x".to_vec()));
}

#[tokio::test]
async fn a_package_that_is_asked_for_by_name_is_no_longer_there_for_others_alone() {
    let machine = furnished();
    let ended = run(&machine, &packages(PackageOperation::Install, &["nano"])).await.unwrap();
    assert_eq!(ended.outcome, Outcome::Succeeded);
    assert_eq!(machine.look(&package("nano")), installed(false));
}

#[tokio::test]
async fn a_file_that_is_written_anew_keeps_its_permissions_unless_told() {
    let machine = furnished();
    let write = |mode| {
        let change = FileChange::Write { content: format!("{mode:?}"), mode };
        Action::File(File { path: path("/etc/secret"), change })
    };
    for (said, expected) in [(Some(0o600), 0o600), (None, 0o600), (Some(0o640), 0o640)] {
        run(&machine, &write(said)).await.unwrap();
        let state = machine.look(&Resource::File(path("/etc/secret")));
        assert!(matches!(state, State::File { mode, .. } if mode == expected), "{state:?}");
    }
}

#[tokio::test]
async fn services_go_with_their_package_and_come_back_with_it() {
    let machine = furnished();
    run(&machine, &packages(PackageOperation::Install, &["docker.io"])).await.unwrap();
    run(&machine, &service("docker", ServiceChange::Enable)).await.unwrap();
    run(&machine, &service("docker", ServiceChange::Start)).await.unwrap();
    let running = Resource::ServiceActive("docker".parse().unwrap());
    let removed = run(&machine, &packages(PackageOperation::Remove, &["docker.io"])).await.unwrap();
    assert_eq!((removed.changes.len(), machine.look(&running)), (3, State::Absent));
    let revert = Action::Revert(Revert { task: TaskId::generate(), changes: removed.changes });
    run(&machine, &revert).await.unwrap();
    assert_eq!(machine.look(&running), State::Present);
}
