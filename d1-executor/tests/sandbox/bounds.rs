//! Each bound of a command ends it in a way of its own: as root, as somebody else, and where
//! there are no control groups.

use crate::{
    rig::Rig,
    somebody::{USER, as_somebody},
};
use d1_core::Stop;
use d1_executor::{How, Limits};
use std::{os::unix::fs::chown, process::Command, time::Duration};

/// This test sees that it is run again where there are no control groups.
const AGAIN: &str = "D1_WITHOUT_GROUPS";

async fn each_bound_is_kept(rig: &Rig) {
    let usual = Limits::USUAL;
    let ends = async |argv: &[&str], limits: Limits| {
        let mut grant = rig.grant(argv);
        grant.limits = limits;
        let ended = rig.run(&grant).await.unwrap();
        (ended.report.how, ended.report.stderr)
    };
    let (how, _) = ends(&["tail", "/dev/zero"], Limits { memory: 128 << 20, ..usual }).await;
    assert_eq!(how, How::OutOfMemory);
    // The shell lives; what it started took the memory.
    let line = "tail /dev/zero; exit 0";
    let (how, _) = ends(&["sh", "-c", line], Limits { memory: 128 << 20, ..usual }).await;
    assert_eq!(how, How::OutOfMemory);
    let bomb = "b() { b | b & wait; }; b";
    let (how, _) = ends(&["bash", "-c", bomb], Limits { processes: 40, ..usual }).await;
    assert_eq!(how, How::TooManyProcesses);
    let (how, _) = ends(&["yes"], Limits { output_bytes: 8 << 20, ..usual }).await;
    assert_eq!(how, How::OutputLimit);
    let line = "exec head -c 3M /dev/zero > /tmp/x";
    let (how, _) = ends(&["sh", "-c", line], Limits { file_bytes: 2 << 20, ..usual }).await;
    assert_eq!(how, How::FileSize);
    let spin = "sh -c 'while :; do :; done'; exit 0";
    let (how, _) = ends(&["sh", "-c", spin], Limits { cpu_seconds: 1, ..usual }).await;
    assert_eq!(how, How::CpuTime);
    let dd = ["dd", "if=/dev/zero", "of=/tmp/x", "bs=1M", "count=3"];
    let (how, said) = ends(&dd, Limits { scratch_bytes: 2 << 20, ..usual }).await;
    assert!(how == How::Exited(1) && said.contains("No space left"), "{how:?} {said}");
    let sleep = rig.grant(&["sleep", "600"]);
    let ended = rig.run_until(&sleep, Duration::from_millis(300), &Stop::new()).await.unwrap();
    assert_eq!(ended.report.how, How::TimedOut);
    // And with the usual ones, all of it goes well.
    let line = "head -c 3M /dev/zero > /tmp/x; head -c 8M /dev/zero; (true & wait)";
    assert_eq!(ends(&["bash", "-c", line], usual).await, (How::Exited(0), String::new()));
}

#[tokio::test]
async fn each_bound_has_an_end_of_its_own() {
    let rig = Rig::new();
    if std::env::var_os(AGAIN).is_some() {
        let ended = rig.run(&rig.grant(&["true"])).await.unwrap();
        let group = ended.isolation.layers.iter().find(|layer| layer.name == "cgroup").unwrap();
        assert!(!group.in_force, "there is a control group all the same");
    }
    each_bound_is_kept(&rig).await;
}

#[test]
fn each_bound_has_an_end_of_its_own_without_control_groups() {
    let this = std::env::current_exe().unwrap();
    let ran = Command::new("unshare")
        .args(["--mount", "sh", "-c", "umount -a -t cgroup2 && exec \"$0\" \"$@\""])
        .arg(this)
        .args(["--exact", "bounds::each_bound_has_an_end_of_its_own"])
        .env(AGAIN, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn each_bound_has_an_end_of_its_own_without_root() {
    let home = tempfile::tempdir_in("/var/tmp").unwrap();
    chown(home.path(), Some(USER), Some(USER)).unwrap();
    as_somebody(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(each_bound_is_kept(&Rig::at(home)));
    });
}
