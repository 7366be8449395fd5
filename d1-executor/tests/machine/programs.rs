//! Programs and scripts: run exactly as told, or not at all.

use crate::rig::{Rig, at};
use d1_core::{
    Action, Argv, Category, Effect, Exec, ExecutorError, Job, Outcome, Output, ProbeAnswer, Shell,
    Step, Stop, StopMode, Stream,
};
use d1_executor::Policy;
use std::{collections::BTreeMap, time::Duration};

fn exec(words: &[&str]) -> Action {
    let argv = Argv::new(words.iter().copied()).unwrap();
    Action::Exec(Exec { argv, cwd: None, env: BTreeMap::new() })
}

fn shell(script: &str) -> Action {
    Action::Shell(Shell { script: script.into(), env: BTreeMap::new() })
}

#[tokio::test]
async fn words_are_words_and_nothing_else() {
    let rig = Rig::new();
    let odd = "$(touch /tmp/never); `id` && * ~ \"'";
    let (_, ended) = rig.apply(exec(&["printf", "%s|%s", odd, ""])).await;
    assert_eq!((ended.outcome, ended.stdout), (Outcome::Succeeded, format!("{odd}|")));
}

#[tokio::test]
async fn a_program_starts_where_it_is_told_with_what_it_is_given() {
    let rig = Rig::new();
    let with = |env: &[(&str, &str)], words: &[&str]| {
        let env = env.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Action::Exec(Exec {
            argv: Argv::new(words.iter().copied()).unwrap(),
            cwd: Some(at("/etc")),
            env,
        })
    };
    let (_, ended) = rig.apply(with(&[("COLOUR", "blue")], &["sh", "-c", "pwd; env"])).await;
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(lines[0], rig.path("/etc").to_str().unwrap());
    assert!(lines.contains(&"COLOUR=blue"));
    // Of our own environment only what is on the list gets in.
    let names = ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "RUST_BACKTRACE"];
    assert!(names.iter().all(|name| !ended.stdout.contains(name)), "{}", ended.stdout);
    for name in ["LD_PRELOAD", "PATH", "BASH_ENV"] {
        let refused = rig.refused(with(&[(name, "/tmp/x")], &["true"])).await;
        assert_eq!((refused.code.as_str(), refused.category), ("D1-EXEC-003", Category::Denied));
    }
}

#[tokio::test]
async fn how_a_program_ended_is_told() {
    let rig = Rig::new();
    let (_, ended) = rig.apply(exec(&["sh", "-c", "echo why >&2; exit 7"])).await;
    let problem = ended.problem.unwrap();
    assert_eq!((ended.outcome, ended.exit_code), (Outcome::Failed, Some(7)));
    assert_eq!(problem.title, "`a step` ended with exit code 7");
    assert_eq!(problem.cause, "why");
    assert!(ended.opaque, "nobody can tell what it changed");
    let (_, ended) = rig.apply(exec(&["sh", "-c", "kill -SEGV $$"])).await;
    assert_eq!((ended.outcome, ended.exit_code), (Outcome::Failed, None));
    assert_eq!(ended.problem.unwrap().title, "`a step` was ended by signal 11");
    let missing = rig.refused(exec(&["nobody-has-this"])).await;
    assert_eq!(missing.code, "D1-EXEC-002");
}

#[tokio::test]
async fn a_program_that_takes_too_long_is_ended_with_its_children() {
    let rig = Rig::new();
    let job = rig.job(exec(&["sh", "-c", "echo begun; sleep 3600 & sleep 3600"])).await;
    let step = Step { timeout: Duration::from_millis(300), ..job.step.clone() };
    let ended = rig.run(&Job { step, ..job }).await.unwrap();
    assert_eq!((ended.outcome, ended.stdout.as_str()), (Outcome::TimedOut, "begun\n"));
    assert_eq!(ended.problem.unwrap().category, Category::Timeout);
}

#[tokio::test]
async fn what_it_writes_is_heard_while_it_runs_and_it_ends_when_it_is_told_to() {
    let rig = Rig::new();
    let job = rig.job(exec(&["sh", "-c", "echo one; echo two >&2; sleep 3600"])).await;
    let stop = Stop::new();
    let (to, mut from) = tokio::sync::mpsc::channel::<Output>(64);
    let listen = async {
        let mut heard = (String::new(), String::new());
        while heard != ("one\n".into(), "two\n".into()) {
            let output = from.recv().await.unwrap();
            let text = String::from_utf8(output.bytes).unwrap();
            match output.stream {
                Stream::Stdout => heard.0 += &text,
                Stream::Stderr => heard.1 += &text,
                Stream::Note => {}
            }
        }
        stop.ask(StopMode::Now);
        while from.recv().await.is_some() {}
    };
    let work = async {
        let ended = d1_core::Executor::run(&*rig.machine, &job, &to, &stop).await;
        drop(to);
        ended
    };
    let (ended, ()) = tokio::join!(work, listen);
    assert_eq!(ended.unwrap().outcome, Outcome::Cancelled);
}

#[tokio::test]
async fn a_script_runs_only_where_the_owner_allows_scripts() {
    let denied = Rig::new();
    let problem = denied.refused(shell("echo hi")).await;
    assert_eq!((problem.code.as_str(), problem.category), ("D1-POL-001", Category::Denied));
    assert_eq!(denied.preview(&shell("echo hi")).await.blocked.unwrap().code, "D1-POL-001");
    let allowed = Rig::with(Policy::parse("allow_shell = true", "").unwrap());
    assert_eq!(allowed.preview(&shell("echo hi")).await.blocked, None);
    let (_, ended) = allowed.apply(shell("echo hi | tr a-z A-Z")).await;
    assert_eq!((ended.outcome, ended.stdout.as_str()), (Outcome::Succeeded, "HI\n"));
    assert!(ended.opaque);
}

#[tokio::test]
async fn a_cut_off_program_can_be_run_again_only_if_it_merely_looked() {
    let rig = Rig::new();
    let job = rig.job(exec(&["true"])).await;
    assert!(matches!(rig.probe(&job).await.answer, ProbeAnswer::Unknown(_)));
    let step = Step { effect: Effect::Read, ..job.step.clone() };
    assert_eq!(rig.probe(&Job { step, ..job }).await.answer, ProbeAnswer::NotDone);
}

#[tokio::test]
async fn a_package_manager_that_is_not_there_is_said() {
    let rig = Rig::new();
    let action = Action::RefreshIndex(d1_core::Manager::Winget);
    let error = d1_core::Executor::preview(&*rig.machine, &action.into()).await.unwrap_err();
    let ExecutorError::Refused(problem) = error else { panic!("{error}") };
    assert_eq!(problem.title, "winget is not on this machine");
}
