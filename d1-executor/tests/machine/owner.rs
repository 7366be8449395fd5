//! Steps that the owner's policy does not let through: refused before anything runs.

use crate::rig::{Rig, at, change, write};
use d1_core::{
    Action, Argv, Category, Change, Exec, FileChange, Outcome, Resource, Revert, Shell, State,
    TaskId,
};
use d1_executor::Policy;
use std::{collections::BTreeMap, fs};

const NO_RM: &str = "[[forbid]]\nname = 'no-rm'\nwhy = 'there are no backups'\n\
                     instead = 'move it away'\nprogram = 'rm'\nmatch = ['rm x']\n";

fn exec(words: &[&str]) -> Action {
    let argv = Argv::new(words.iter().copied()).unwrap();
    Action::Exec(Exec { argv, cwd: None, env: BTreeMap::new() })
}

fn shell(script: &str) -> Action {
    Action::Shell(Shell { script: script.into(), env: BTreeMap::new() })
}

#[tokio::test]
async fn a_forbidden_program_or_script_never_starts_and_the_reason_is_told() {
    let policy = format!("allow_shell = true\n{NO_RM}");
    let rig = Rig::with(Policy::parse(&policy, "").unwrap());
    rig.write("/home/letter", "dear");
    for action in [exec(&["rm", "letter"]), shell("cat letter && rm letter")] {
        let problem = rig.refused(action.clone()).await;
        assert_eq!((problem.code.as_str(), problem.category), ("D1-POL-004", Category::Denied));
        assert_eq!(problem.title, "`rm` is forbidden by the rule `no-rm`");
        assert_eq!(problem.next, ["move it away"]);
        assert_eq!(rig.preview(&action).await.blocked, Some(problem), "a plan shows it");
    }
    let (_, ended) = rig.apply(exec(&["cat", "letter"])).await;
    assert_eq!((ended.outcome, ended.stdout.as_str()), (Outcome::Succeeded, "dear"));
}

#[tokio::test]
async fn what_needs_a_yes_runs_after_one_and_nothing_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    let rig = Rig::with(Policy::read(&path, None).unwrap());
    assert_eq!(rig.apply(exec(&["sh", "-c", "exit 0"])).await.1.outcome, Outcome::Succeeded);
    // From now on, without anybody being told.
    fs::write(&path, NO_RM).unwrap();
    let problem = rig.refused(exec(&["sh", "-c", "exit 0"])).await;
    assert_eq!(problem.code, "D1-POL-003");
    let digest = problem.next[0].strip_prefix("d1-doctor policy approve ").unwrap();
    fs::write(folder.path().join("approved"), format!("{digest}\n")).unwrap();
    assert_eq!(rig.apply(exec(&["sh", "-c", "exit 0"])).await.1.outcome, Outcome::Succeeded);
    assert_eq!(rig.refused(exec(&["sh", "-c", "exit 1"])).await.code, "D1-POL-003");
    fs::write(&path, "nonsense").unwrap();
    let problem = rig.refused(exec(&["true"])).await;
    assert_eq!(problem.code, "D1-POL-002");
    assert!(problem.title.contains("policy.toml`, line 1: "), "{}", problem.title);
}

#[tokio::test]
async fn no_step_writes_the_policy_or_a_protected_file() {
    let protect = "[[protect]]\npath = '/etc/hosts'\nmay = 'read'\nwhy = 'w'\n\
                   [[protect]]\npath = '~/letters'\nwhy = 'w'\n";
    let rig = Rig::with(Policy::parse(protect, "").unwrap());
    let back = |path: &str| {
        let resource = Resource::File(at(path));
        let change = Change { resource, before: State::Absent, after: State::Absent };
        Action::Revert(Revert { task: TaskId::generate(), changes: vec![change] })
    };
    for action in [
        write("/etc/d1-doctor/policy.toml", "allow_shell = true"),
        write("/etc/d1-doctor/approved", ""),
        change("/etc/d1-doctor", FileChange::SetMode { mode: 0o777 }),
        change("/etc/hosts", FileChange::Remove),
        write("~/letters/new", "x"),
        back("/etc/d1-doctor/policy.toml"),
        exec(&["tee", "/etc/d1-doctor/policy.toml"]),
    ] {
        let problem = rig.refused(action.clone()).await;
        assert_eq!(problem.code, "D1-POL-005", "{action:?}");
    }
    rig.apply(write("/etc/host.conf", "x")).await;
}

#[tokio::test]
async fn on_a_machine_without_a_policy_no_step_writes_one() {
    let rig = Rig::new();
    for action in [
        write("/etc/d1-doctor/policy.toml", "allow_shell = true"),
        exec(&["tee", "/etc/d1-doctor/policy.toml"]),
        exec(&["sh", "-c", "echo allow_shell=true > /etc/d1-doctor/policy.toml"]),
    ] {
        // Without a policy in a file its folder is the administrator's all the same.
        assert_eq!(rig.refused(action).await.code, "D1-POL-005");
    }
}
