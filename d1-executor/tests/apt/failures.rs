//! What goes wrong is told with its code, its cause and the state it left.

use crate::{
    bench::{Stand, apply, code, install, revert},
    scratch::{Deb, Machine, set_mode},
};
use d1_core::{Answer, Category, Manager, Outcome, ProbeAnswer, Query, State};
use d1_executor::{Goal, PackageManager as _};

const GOOD: Deb = Deb::new("d1-good", "1.0");

#[tokio::test]
async fn a_broken_dependency_blocks_with_aptsown_lines_and_changes_nothing() {
    let machine =
        Machine::with(&[Deb::new("d1-broken", "1.0").with("Depends: d1-missing (>= 3)\n")]);
    let before = machine.packages();
    let problem = machine.apt.preview(&install(&["d1-broken"])).await.unwrap().blocked.unwrap();
    assert_eq!(problem.code, "D1-APT-003");
    assert_eq!(problem.cause, "d1-broken : Depends: d1-missing (>= 3) but it is not installable");
    let ended = apply(&machine.apt, &install(&["d1-broken"])).await;
    assert_eq!((ended.outcome, code(&ended)), (Outcome::Failed, "D1-APT-003"));
    assert_eq!(ended.problem.unwrap().state, "nothing was installed, removed or changed");
    assert_eq!(machine.packages(), before);
}

#[tokio::test]
async fn a_failing_script_is_named_the_half_done_package_told_and_undone() {
    let bad = Deb::new("d1-bad", "1.0").postinst("echo my own words >&2; exit 3");
    let machine = Machine::with(&[bad, GOOD]);
    let before = machine.packages();
    let baseline = machine.apt.prepare().await.unwrap();
    let ended = apply(&machine.apt, &install(&["d1-bad"])).await;
    assert_eq!((ended.outcome, code(&ended)), (Outcome::Failed, "D1-APT-008"));
    let problem = ended.problem.unwrap();
    assert_eq!(problem.title, "the post-installation script of package `d1-bad` failed");
    assert!(problem.cause.contains("my own words"), "{}", problem.cause);
    assert_eq!(problem.state, "left half done: d1-bad");
    assert!(matches!(ended.changes[0].after, State::Broken { .. }));

    let wanted = install(&["d1-bad"]);
    let probed =
        machine.apt.probe(Goal::Packages(&wanted), &baseline, &Stand::new().run()).await.unwrap();
    assert_eq!(
        probed.answer,
        ProbeAnswer::Unknown("left half done: d1-bad (half configured)".into())
    );

    // Nothing else is started on top of it.
    let next = apply(&machine.apt, &install(&["d1-good"])).await;
    assert_eq!(code(&next), "D1-APT-007");
    assert_eq!(next.problem.unwrap().next, ["sudo dpkg --configure -a"]);

    let undone = revert(&machine.apt, &ended.changes, &[]).await;
    assert_eq!((undone.outcome, undone.kept), (Outcome::Succeeded, vec![]), "{:?}", undone.problem);
    assert_eq!(machine.packages(), before);
}

#[tokio::test]
async fn an_installation_that_would_push_others_out_is_blocked() {
    let rival = Deb::new("d1-rival", "1.0").with("Conflicts: d1-good\n");
    let machine = Machine::with(&[GOOD, rival]);
    machine.apt_get(&["install", "d1-good"]);
    let before = machine.packages();
    let problem = machine.apt.preview(&install(&["d1-rival"])).await.unwrap().blocked.unwrap();
    assert_eq!((problem.code.as_str(), problem.category), ("D1-APT-010", Category::Denied));
    assert_eq!(code(&apply(&machine.apt, &install(&["d1-rival"])).await), "D1-APT-010");
    assert_eq!(machine.packages(), before);
}

#[tokio::test]
async fn a_name_that_apt_would_read_as_an_order_is_only_a_name_nobody_knows() {
    let machine = Machine::with(&[GOOD]);
    machine.apt_get(&["install", "d1-good"]);
    let before = machine.packages();
    for name in ["d1-good-", "d1-goo.", "d1-good+x"] {
        let problem = machine.apt.preview(&install(&[name])).await.unwrap().blocked.unwrap();
        assert_eq!(problem.code, "D1-APT-002", "{name}");
        assert_eq!(code(&apply(&machine.apt, &install(&[name])).await), "D1-APT-002");
    }
    for name in ["d1-good/stable", "D1-Good", "d1-good@2"] {
        assert_eq!(
            machine.apt.preview(&install(&[name])).await.unwrap().blocked.unwrap().code,
            "D1-APT-014"
        );
    }
    assert_eq!(machine.packages(), before);
}

#[tokio::test]
async fn an_unknown_package_comes_with_a_guess() {
    let machine = Machine::with(&[GOOD]);
    let problem = machine.apt.preview(&install(&["d1-goood"])).await.unwrap().blocked.unwrap();
    assert_eq!(problem.code, "D1-APT-002");
    assert_eq!(problem.next, ["did you mean `d1-good`?", "sudo apt-get update"]);
}

#[tokio::test]
async fn without_an_index_nothing_is_said_to_be_unknown() {
    let machine = Machine::bare();
    let problem = machine.apt.preview(&install(&["d1-good"])).await.unwrap().blocked.unwrap();
    assert_eq!(problem.code, "D1-APT-011");
    assert_eq!(machine.apt.index_age().await, None);
    let query = Query::Package { manager: Manager::Apt, name: "d1-good".parse().unwrap() };
    assert!(matches!(machine.apt.answer(&[query]).await[0], Answer::Unknown(_)));
}

#[tokio::test]
async fn a_refresh_brings_the_index_and_an_unreachable_mirror_is_named() {
    let machine = Machine::with(&[GOOD]);
    let ended = machine.apt.refresh(&Stand::new().run()).await.unwrap();
    assert_eq!((ended.outcome, code(&ended)), (Outcome::Succeeded, "no problem"));
    assert!(machine.apt.index_age().await.is_some());

    machine.mirror("http://127.0.0.1:9/nowhere");
    let ended = machine.apt.refresh(&Stand::new().run()).await.unwrap();
    assert_eq!((ended.outcome, code(&ended)), (Outcome::Failed, "D1-APT-004"), "{ended:?}");
    let problem = ended.problem.unwrap();
    assert_eq!(problem.category, Category::Network);
    assert_eq!(problem.title, "the package mirror `127.0.0.1:9` cannot be reached");
}

#[tokio::test]
async fn who_may_not_change_packages_may_look_and_is_told_before_anything_starts() {
    let machine = Machine::with(&[GOOD]);
    // A search path with apt on it, and no sudo.
    let tools = tempfile::tempdir().unwrap();
    for tool in ["apt-get", "apt-cache", "apt-config", "apt-mark", "dpkg", "dpkg-query"] {
        std::os::unix::fs::symlink(format!("/usr/bin/{tool}"), tools.path().join(tool)).unwrap();
    }
    let user = machine.as_user(tools.path().to_string_lossy().into_owned());
    let preview = user.preview(&install(&["d1-good"])).await.unwrap();
    assert_eq!((preview.changes.len(), preview.blocked), (1, None));
    let ended = apply(&user, &install(&["d1-good"])).await;
    let problem = ended.problem.unwrap();
    assert_eq!((problem.code.as_str(), problem.category), ("D1-APT-006", Category::Denied));
    let ended = user.refresh(&Stand::new().run()).await.unwrap();
    assert_eq!(code(&ended), "D1-APT-006");
}

#[tokio::test]
async fn sudo_that_asks_no_password_is_used() {
    let machine = Machine::with(&[GOOD]);
    let tools = tempfile::tempdir().unwrap();
    let sudo = tools.path().join("sudo");
    let log = tools.path().join("log");
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = -n ] || exit 1\nshift; [ \"$1\" = -- ] && shift\necho ran >> {}\nexec env -i PATH=\"$PATH\" \"$@\"\n",
        log.display()
    );
    std::fs::write(&sudo, script).unwrap();
    set_mode(&sudo, 0o755);
    let path = format!("{}:{}", tools.path().display(), std::env::var("PATH").unwrap());
    let ended = apply(&machine.as_user(path), &install(&["d1-good"])).await;
    assert_eq!((ended.outcome, code(&ended)), (Outcome::Succeeded, "no problem"));
    assert_eq!(std::fs::read_to_string(log).unwrap(), "ran\nran\n");
}

#[tokio::test]
async fn an_installation_past_its_time_is_stopped_whole_and_leaves_a_true_record() {
    let slow = Deb::new("d1-slow", "1.0").postinst("touch \"$DPKG_ROOT/begun\"; sleep 600");
    let machine = Machine::with(&[slow]);
    let before = machine.packages();
    let mut stand = Stand::new();
    stand.timeout = std::time::Duration::from_secs(4);
    let ended = machine.apt.apply(&install(&["d1-slow"]), &stand.run()).await.unwrap();
    assert_eq!((ended.outcome, code(&ended)), (Outcome::TimedOut, "D1-APT-013"));
    let problem = ended.problem.unwrap();
    assert_eq!(problem.state, "left half done: d1-slow");
    assert_eq!(problem.next[0], "sudo dpkg --configure -a");
    assert!(machine.root().join("begun").exists());
    let undone = revert(&machine.apt, &ended.changes, &[]).await;
    assert_eq!((undone.outcome, undone.kept), (Outcome::Succeeded, vec![]), "{:?}", undone.problem);
    assert_eq!(machine.packages(), before);
}

#[tokio::test]
async fn a_package_with_too_little_room_is_blocked_before_it_starts() {
    // More than any disk has: nine hundred petabytes.
    let huge = Deb::new("d1-huge", "1.0").installed_kib(900_000_000_000_000);
    let machine = Machine::with(&[huge]);
    let problem = machine.apt.preview(&install(&["d1-huge"])).await.unwrap().blocked.unwrap();
    assert_eq!(problem.code, "D1-APT-005");
    assert!(problem.cause.contains("this needs 921600000000 MB"), "{}", problem.cause);
}

#[tokio::test]
async fn what_the_system_cannot_run_without_is_not_removed_even_by_name() {
    let vital = Deb::new("d1-vital", "1.0").with("Essential: yes\n");
    let machine = Machine::with(&[vital]);
    machine.apt_get(&["install", "d1-vital"]);
    let before = machine.packages();
    let wanted = crate::bench::remove(&["d1-vital"]);
    assert_eq!(machine.apt.preview(&wanted).await.unwrap().blocked.unwrap().code, "D1-APT-015");
    assert_eq!(code(&apply(&machine.apt, &wanted).await), "D1-APT-015");
    assert_eq!(machine.packages(), before);
}
