//! How commands end, and that nothing of them is left.

use crate::rig::{PATIENCE, Rig};
use d1_core::{Digest, Stop};
use d1_executor::{Confinement, Demand, Fence, How, SandboxError, Script};
use std::{fs, time::Duration};

/// A word on a command line by which a test finds its processes from outside.
fn mark(name: &str) -> String {
    format!("9{}{}", std::process::id(), Digest::of(name.as_bytes()).as_bytes()[0])
}

/// How many processes outside have this word on their command line.
fn alive(mark: &str) -> usize {
    let lines = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        entry.file_name().to_str()?.parse::<i32>().ok()?;
        fs::read(entry.path().join("cmdline")).ok()
    });
    lines.filter(|line| line.split(|byte| *byte == 0).any(|word| word == mark.as_bytes())).count()
}

fn how(ended: &Confinement) -> How {
    ended.report.how
}

#[tokio::test]
async fn every_exit_code_and_every_signal_comes_back_as_it_was() {
    let rig = Rig::new();
    for code in [0, 1, 2, 42, 125, 126, 127, 128, 137, 255] {
        let ended = rig.run(&rig.grant(&["sh", "-c", &format!("exit {code}")])).await.unwrap();
        assert_eq!(how(&ended), How::Exited(code));
    }
    for signal in [1, 2, 3, 6, 9, 11, 13, 14, 15] {
        let line = format!("kill -{signal} $$");
        let ended = rig.run(&rig.grant(&["sh", "-c", &line])).await.unwrap();
        assert_eq!(how(&ended), How::Signalled(signal));
    }
}

#[tokio::test]
async fn a_command_that_cannot_start_is_an_error_with_its_own_reason() {
    use std::os::unix::fs::PermissionsExt as _;
    let rig = Rig::new();
    let error = rig.run(&rig.grant(&["no-such-program-d1"])).await.unwrap_err();
    assert!(matches!(error, SandboxError::NotFound { .. }), "{error}");
    let text = rig.write("work/text", "not a program");
    let start = async |path: &std::path::Path| {
        let error = rig.run(&rig.grant(&[path.to_str().unwrap()])).await.unwrap_err();
        let SandboxError::Start { source, .. } = error else { panic!("{error}") };
        source.raw_os_error()
    };
    assert_eq!(start(&text).await, Some(libc_errno::EACCES));
    fs::set_permissions(&text, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(start(&text).await, Some(libc_errno::ENOEXEC));
    let mut grant = rig.grant(&["true"]);
    grant.cwd = "/root".into();
    let error = rig.run(&grant).await.unwrap_err();
    assert!(matches!(error, SandboxError::Directory { .. }), "{error}");
}

/// Numbers of `errno(3)` on Linux.
mod libc_errno {
    pub(super) const ENOEXEC: i32 = 8;
    pub(super) const EACCES: i32 = 13;
}

#[tokio::test]
async fn what_a_command_leaves_behind_is_gone_when_it_is_over() {
    let rig = Rig::new();
    let mark = mark("left");
    let line = format!(
        "for i in 1 2 3; do setsid sh -c 'trap \"\" TERM; sleep {mark} & wait' & done; \
        while [ $(cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep -cx {mark}) -lt 3 ]; do :; done; exit 0"
    );
    let ended = rig.run(&rig.grant(&["sh", "-c", &line])).await.unwrap();
    assert_eq!((how(&ended), alive(&mark)), (How::Exited(0), 0));
}

#[tokio::test]
async fn who_adopts_its_own_orphans_keeps_none() {
    let rig = Rig::new();
    let mark = mark("adopted");
    // PR_SET_CHILD_SUBREAPER, and nobody dies with a parent; it goes when the orphan is there.
    let script = format!(
        "syscall(157, 36, 1, 0, 0, 0) and die $!; syscall(157, 1, 0, 0, 0, 0); pipe(my $in, my $out); \
        if (!fork) {{ if (!fork) {{ setpgrp; $SIG{{TERM}} = 'IGNORE'; syswrite($out, 'x'); exec 'sleep', '{mark}' }} exit }} \
        sysread($in, my $byte, 1); exit 7"
    );
    let ended = rig.run(&rig.grant(&["perl", "-e", &script])).await.unwrap();
    assert_eq!((how(&ended), alive(&mark)), (How::Exited(7), 0), "{}", ended.report.stderr);
}

#[tokio::test]
async fn a_command_that_stops_itself_and_ignores_everything_is_gone_at_its_timeout() {
    let rig = Rig::new();
    let mark = mark("stopped");
    let line = format!("trap '' TERM INT HUP; setsid sleep {mark} & kill -STOP $$; exit 0");
    let grant = rig.grant(&["sh", "-c", &line]);
    let ended = rig.run_until(&grant, Duration::from_secs(1), &Stop::new()).await.unwrap();
    assert_eq!((how(&ended), alive(&mark)), (How::TimedOut, 0));
}

#[tokio::test]
async fn a_polite_command_has_its_grace_and_a_kill_is_at_once() {
    let rig = Rig::new();
    let line =
        "trap 'echo bye > work/bye; exit 3' TERM; touch work/ready; while :; do sleep 1; done";
    rig.write("work/seed", "");
    let (grant, stop) = (rig.grant(&["sh", "-c", line]), Stop::new());
    let patient = Fence { grace: PATIENCE, ..Fence::within(PATIENCE) };
    let ready = rig.path("work/ready");
    let ask = async {
        while !ready.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.ask(d1_core::StopMode::Now);
    };
    let (ended, ()) = tokio::join!(rig.run_within(&grant, patient, &stop), ask);
    assert_eq!(how(&ended.unwrap()), How::Cancelled);
    assert_eq!(fs::read_to_string(rig.path("work/bye")).unwrap(), "bye\n");
    let stop = Stop::new();
    stop.ask(d1_core::StopMode::Kill);
    let ended = rig.run_until(&grant, PATIENCE, &stop).await.unwrap();
    assert_eq!(how(&ended), How::Killed);
}

#[tokio::test]
async fn a_script_that_is_not_the_agreed_one_does_not_run() {
    let rig = Rig::new();
    let script = rig.write("work/run", "#!/bin/sh\necho agreed\n");
    let mut grant = rig.grant(&[script.to_str().unwrap()]);
    let digest = Digest::of(&fs::read(&script).unwrap());
    grant.script = Some(Script { path: script.clone(), digest });
    let ended = rig.run(&grant).await.unwrap();
    assert_eq!((how(&ended), ended.report.stdout.as_str()), (How::Exited(0), "agreed\n"));
    let mut swap = rig.grant(&["sh", "-c", "echo other > work/run; cat work/run"]);
    swap.script.clone_from(&grant.script);
    let ended = rig.run(&swap).await.unwrap();
    assert!(ended.report.stdout.contains("agreed"), "it was swapped while it ran");
    fs::write(&script, "#!/bin/sh\necho other\n").unwrap();
    let error = rig.run(&grant).await.unwrap_err();
    assert!(matches!(error, SandboxError::Changed { .. }), "{error}");
}

#[tokio::test]
async fn nothing_of_us_reaches_the_command() {
    use std::os::fd::AsRawFd as _;
    let rig = Rig::new();
    // A secret in a file that anybody could inherit.
    let file = fs::File::open("/etc/passwd").unwrap();
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
    assert!(fs::exists(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap());
    // Not by another program: the shell may hold a pipe to it at that moment.
    let held = "n=0; while [ $n -lt 64 ]; do [ -e /proc/self/fd/$n ] && printf '%s ' $n; \
                n=$((n + 1)); done; echo";
    let seen = rig.shell(&format!("{held}; env; cat /proc/1/environ 2>&1; true")).await;
    let mut lines = seen.lines();
    let fds = lines.next().unwrap();
    assert!(
        fds.split_whitespace().all(|fd| fd.parse::<u32>().unwrap() <= 2 || fd == "10"),
        "{fds}"
    );
    let names: Vec<&str> = lines.filter_map(|line| Some(line.split_once('=')?.0)).collect();
    assert!(names.iter().all(|name| ["PATH", "HOME", "LANG", "PWD"].contains(name)), "{names:?}");
    assert!(seen.contains("Permission denied"), "the first process shows its environment");
}

#[tokio::test]
async fn ten_commands_at_once_are_none_in_the_others_way() {
    let rig = Rig::new();
    let line = "id -u; echo $$ > /tmp/me; sleep 0.2; ls /tmp; ls -d /proc/[0-9]* | wc -l";
    let mut grant = rig.grant(&["sh", "-c", line]);
    grant.demand = Demand::Required;
    let runs = (0..10).map(|_| rig.run(&grant));
    let ended = futures_util::future::join_all(runs).await;
    let mut users: Vec<String> = Vec::new();
    for one in ended {
        let said = one.unwrap().report.stdout;
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines[1], "me");
        // The first process, the shell, and the two that count.
        assert!(lines[2].trim().parse::<u32>().unwrap() <= 4, "{said}");
        users.push(lines[0].to_owned());
    }
    users.sort_unstable();
    users.dedup();
    assert_eq!(users.len(), 10);
}
