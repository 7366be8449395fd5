//! Services, with a stand-in for systemd (a model: no systemd runs here).

use crate::rig::{Rig, outcome_of};
use d1_core::{Action, Outcome, Presence, Service, ServiceChange};
use std::fs;

/// A machine where a stand-in for systemd keeps what is enabled and active in files.
fn machine() -> Rig {
    let rig = Rig::new();
    fs::create_dir_all(rig.path("/run/systemd/system")).unwrap();
    let units = rig.path("/etc/units");
    fs::create_dir(&units).unwrap();
    let script = format!(
        "cd {}\ncase $1 in\nis-enabled) test -e $3.enabled;;\nis-active) test -e $3.active;;\n\
         enable) echo $* >> $LOG; touch $2.enabled;;\ndisable) echo $* >> $LOG; rm $2.enabled;;\n\
         start) echo $* >> $LOG; touch $2.active;;\nstop) echo $* >> $LOG; rm $2.active;;\nesac",
        units.display()
    );
    rig.tool("systemctl", &script);
    rig.again()
}

fn service(change: ServiceChange) -> Action {
    Action::Service(Service { name: "docker".parse().unwrap(), change })
}

#[tokio::test]
async fn a_service_is_enabled_and_started_once_and_both_are_taken_back() {
    let rig = machine();
    let before = rig.tree();
    let mut done = Vec::new();
    for change in [ServiceChange::Enable, ServiceChange::Start] {
        assert_eq!(rig.preview(&service(change)).await.presence, Presence::Absent);
        done.push(rig.apply(service(change)).await);
        assert_eq!(outcome_of(&rig.apply(service(change)).await.1), (Outcome::NoChange, 0));
    }
    for job in done.iter().rev() {
        assert_eq!(outcome_of(&rig.undo(job).await), (Outcome::Succeeded, 1));
    }
    assert_eq!(rig.tree(), before);
    assert_eq!(rig.noted(), "enable docker\nstart docker\nstop docker\ndisable docker\n");
}

#[tokio::test]
async fn a_service_that_ran_before_still_runs_after_an_undo() {
    let rig = machine();
    rig.write("/etc/units/docker.active", "");
    let started = rig.apply(service(ServiceChange::Start)).await;
    assert_eq!(outcome_of(&started.1), (Outcome::NoChange, 0));
    rig.undo(&started).await;
    assert_eq!(rig.noted(), "");
}

#[tokio::test]
async fn a_service_that_does_not_start_is_told_with_its_words() {
    let rig = machine();
    rig.tool(
        "systemctl",
        "case $1 in start) echo 'Unit docker.service not found.' >&2; exit 5;; *) exit 1;; esac",
    );
    let (_, ended) = rig.apply(service(ServiceChange::Start)).await;
    let problem = ended.problem.unwrap();
    assert_eq!((ended.outcome, problem.code.as_str()), (Outcome::Failed, "D1-SVC-002"));
    assert_eq!(problem.cause, "Unit docker.service not found.");
}

#[tokio::test]
async fn where_nothing_runs_services_it_is_said_before_anything_happens() {
    let rig = Rig::new();
    let blocked = rig.preview(&service(ServiceChange::Start)).await.blocked.unwrap();
    assert_eq!(blocked.code, "D1-SVC-001");
    assert_eq!(blocked.cause, "no service manager runs here, as in most containers");
}
