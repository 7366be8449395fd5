//! A machine that has no more namespaces of one kind, or forbids them to us: each kind in turn.
//!
//! The kernel counts namespaces for each user, and whoever is the administrator of a user
//! namespace sets how many there may be (`namespaces(7)`, `/proc/sys/user`). So the test is run
//! again by somebody else, in a user namespace in which there may be none of that kind.

use crate::{rig::Rig, somebody::USER};
use d1_executor::{Demand, How, LinuxConfig, LinuxSandbox, SandboxError, Surroundings, Wall};
use std::{process::Command, sync::Arc};

/// Which kind is missing, when this test is run again.
const WITHOUT: &str = "D1_WITHOUT_NAMESPACE";
const NOTHING: &str = "nothing";
const KINDS: [&str; 7] = ["user", "pid", "mnt", "ipc", "uts", "cgroup", "net"];

#[test]
fn without_one_kind_of_namespace_nothing_runs_unless_it_may_and_says_so() {
    if let Ok(kind) = std::env::var(WITHOUT) {
        return try_without(&kind);
    }
    for kind in KINDS.into_iter().chain([NOTHING]) {
        let set = match kind {
            NOTHING => ":".to_owned(),
            kind => format!("echo 0 > /proc/sys/user/max_{kind}_namespaces"),
        };
        let user = USER.to_string();
        let ran = Command::new("setpriv")
            .args(["--reuid", &user, "--regid", &user, "--clear-groups"])
            .args(["unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c"])
            .arg(format!("{set} && exec setpriv --ambient-caps -all \"$0\" \"$@\""))
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "namespaces::without_one_kind_of_namespace_nothing_runs_unless_it_may_and_says_so",
            ])
            .env(WITHOUT, kind)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        let errors = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success() && said.contains("1 passed"), "{kind}: {said}{errors}");
    }
}

fn try_without(kind: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let rig = Rig::new();
        let mut grant = rig.grant(&["true"]);
        grant.cwd = "/".into();
        let required = rig.run(&grant).await;
        if kind == NOTHING {
            assert_eq!(required.unwrap().report.how, How::Exited(0), "the walls are up here");
            return;
        }
        let error = required.unwrap_err();
        assert!(matches!(error, SandboxError::SetUp { .. }), "{error}");
        assert!(error.to_string().contains("make namespaces"), "{error}");
        grant.demand = Demand::BestEffort;
        assert!(rig.run(&grant).await.is_err(), "this sandbox does without none of them");
        let around = Surroundings::of(rig.home.path());
        let sandbox =
            Arc::new(LinuxSandbox::new(LinuxConfig { around, allow_bare: true, ahead: false }));
        let rig = Rig { sandbox, ..rig };
        let ended = rig.run(&grant).await.unwrap();
        assert_eq!(ended.report.how, How::Exited(0), "{}", ended.report.stderr);
        let in_force = |wall: Wall| {
            let mut layers = ended.isolation.layers.iter();
            layers.any(|layer| layer.name == wall.name() && layer.in_force)
        };
        for wall in
            [Wall::Processes, Wall::Mounts, Wall::Ipc, Wall::HostName, Wall::Groups, Wall::Network]
        {
            assert!(!in_force(wall), "{} is said to be up", wall.name());
        }
        assert!(in_force(Wall::Landlock) && in_force(Wall::Seccomp));
    });
}
