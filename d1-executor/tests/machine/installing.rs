//! Packages are installed behind walls: with the machine's own apt, from its own mirror.

use crate::rig::Rig;
use d1_core::{
    Action, Baseline, Ended, Executor as _, Item, Job, Manager, Notable, Outcome, PackageOperation,
    Packages, Revert, Step, Stop, TaskId,
};
use d1_executor::{Policy, Wall};
use std::{fs, path::Path, process::Command, time::Duration};
use tokio::sync::mpsc;

/// Brings a daemon, a system user and group, and files that run as their owner; little else.
const DAEMON: &str = "uuid-runtime";
const USER: &str = "uuidd:";

/// Only one apt can run on a machine, and only one test may watch it.
fn turn() -> fs::File {
    let file = fs::File::create(std::env::temp_dir().join("d1-apt-test.lock")).unwrap();
    file.lock().unwrap();
    file
}

fn must(words: &[&str]) -> String {
    let out = Command::new(words[0]).args(&words[1..]).output().unwrap();
    assert!(out.status.success(), "{words:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

fn packages(names: &[&str]) -> Action {
    let names = names.iter().map(|name| name.parse().unwrap()).collect();
    Action::Packages(Packages {
        manager: Manager::Apt,
        operation: PackageOperation::Install,
        names,
    })
}

async fn carry_out(rig: &Rig, action: Action) -> (TaskId, Ended) {
    let task = TaskId::generate();
    let baseline: Baseline = rig.machine.prepare(task, &action.clone().into()).await.unwrap();
    let step = Step::new("packages".parse().unwrap(), "packages", action);
    let step = Step { timeout: Duration::from_secs(600), interruptible: false, ..step };
    let (to, mut from) = mpsc::channel(64);
    let drain = async { while from.recv().await.is_some() {} };
    let work = async {
        let ended = rig.machine.run(&Job::new(task, step, baseline), &to, &Stop::new()).await;
        drop(to);
        ended
    };
    let (ended, ()) = tokio::join!(work, drain);
    (task, ended.unwrap())
}

fn is_installed(name: &str) -> bool {
    let said = Command::new("dpkg-query").args(["-W", "-f", "${db:Status-Status}", name]).output();
    said.unwrap().stdout == b"installed"
}

#[tokio::test]
async fn a_daemon_with_a_user_of_its_own_is_installed_and_taken_back_behind_walls() {
    let _turn = turn();
    if fs::read_dir("/var/lib/apt/lists").unwrap().count() < 3 {
        must(&["apt-get", "update"]);
    }
    // What was fetched before would not be fetched.
    must(&["apt-get", "clean"]);
    assert!(!is_installed(DAEMON), "{DAEMON} is needed absent for this test");
    // Debian leaves the user of a package that goes; an earlier run may have.
    let _none = Command::new("userdel").arg("uuidd").output();
    let policy_of_services = fs::read("/usr/sbin/policy-rc.d").ok();
    let rig = Rig::of_this_machine(Policy::default());

    let (task, done) = carry_out(&rig, packages(&[DAEMON])).await;
    assert_eq!(done.outcome, Outcome::Succeeded, "{:?}\n{}", done.problem, done.stderr);
    assert!(is_installed(DAEMON));
    assert!(must(&["cat", "/etc/passwd"]).lines().any(|line| line.starts_with(USER)));
    let running = Command::new("pgrep").args(["-x", "uuidd"]).status();
    assert!(!running.is_ok_and(|status| status.success()), "nothing was started");

    let isolation = &done.isolation;
    assert_eq!((isolation.profile.as_str(), isolation.summary()), ("packages", "partial"));
    let off: Vec<&str> =
        isolation.layers.iter().filter(|l| !l.in_force).map(|l| &*l.name).collect();
    assert_eq!(off, [Wall::TaskUser.name()], "{isolation:?}");
    assert!(isolation.layers.iter().any(|layer| layer.name == Wall::Egress.name()));
    // apt's own downloader, which is another user, called the mirror and nobody else.
    let network = &isolation.network;
    assert!(!network.reached().is_empty(), "{network:?}");
    assert_eq!(network.turned_away(), [] as [&str; 0], "{network:?}");
    assert!(done.grant.is_some());
    let brought =
        |kind, what: &str| done.manifest.items.contains(&Item { kind, what: what.into() });
    for (kind, what) in [
        (Notable::User, "uuidd"),
        (Notable::Group, "uuidd"),
        (Notable::Unit, "uuidd.service"),
        (Notable::InitScript, "/etc/init.d/uuidd"),
    ] {
        assert!(brought(kind, what), "{kind:?}: {}", done.manifest);
    }

    let revert = Action::Revert(Revert { task, changes: done.changes });
    let (_, undone) = carry_out(&rig, revert).await;
    assert_eq!(undone.outcome, Outcome::Succeeded, "{:?}\n{}", undone.problem, undone.stderr);
    assert!(!is_installed(DAEMON));
    assert_eq!(undone.isolation.profile, "packages");
    assert_eq!(fs::read("/usr/sbin/policy-rc.d").ok(), policy_of_services);
    assert!(!Path::new("/usr/.d1-tried").exists());
}
