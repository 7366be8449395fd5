//! Real programs, run for real.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use d1_core::{Digest, Output, Stop, StopMode, Stream};
use d1_executor::{
    Capture, How, Invocation, Leftovers, ProcessError, Report, Spool, clean_environment, run,
};
use std::{fs, path::Path, time::Duration};
use tokio::sync::mpsc;

fn shell(script: &str) -> Invocation {
    Invocation {
        argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
        cwd: None,
        env: clean_environment(&|_| None),
        timeout: Duration::from_secs(30),
        grace: Duration::from_millis(200),
        interruptible: true,
        capture: Capture::Piped,
        leftovers: Leftovers::Kill,
        marker: format!("test-{}-{:?}", std::process::id(), std::thread::current().id()),
    }
}

/// Runs it, and gives back what came through the channel, stream by stream.
async fn listen(invocation: &Invocation, stop: &Stop) -> (Report, Vec<u8>, Vec<u8>) {
    let (to, mut from) = mpsc::channel::<Output>(4);
    let collect = async {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        while let Some(Output { stream, bytes }) = from.recv().await {
            match stream {
                Stream::Stdout => out.extend(bytes),
                Stream::Stderr => err.extend(bytes),
                Stream::Note => {}
            }
        }
        (out, err)
    };
    let work = async {
        let report = run(invocation, &to, stop).await.unwrap();
        drop(to);
        report
    };
    let (report, (out, err)) = tokio::join!(work, collect);
    (report, out, err)
}

async fn quick(script: &str) -> (Report, String, String) {
    let (report, out, err) = listen(&shell(script), &Stop::new()).await;
    (report, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

/// The digest of a run that wrote this: of both streams' digests.
fn digest_of(out: &[u8], err: &[u8]) -> Digest {
    Digest::of(&[*blake3::hash(out).as_bytes(), *blake3::hash(err).as_bytes()].concat())
}

fn alive(pid: i32) -> bool {
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let rest = state.rsplit(')').next().unwrap_or_default();
    !matches!(rest.split_whitespace().next(), None | Some("Z" | "X"))
}

/// The number a script wrote into a file.
async fn pid_in(path: &Path) -> i32 {
    let number = async {
        loop {
            if let Ok(pid) = fs::read_to_string(path).unwrap_or_default().trim().parse() {
                return pid;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), number).await.expect("it wrote its number")
}

#[tokio::test]
async fn both_streams_and_the_exit_code_are_told() {
    let (report, out, err) = quick("echo out; echo err >&2; exit 3").await;
    assert_eq!((report.how, out.as_str(), err.as_str()), (How::Exited(3), "out\n", "err\n"));
    assert_eq!((report.stdout.as_str(), report.stderr.as_str()), ("out\n", "err\n"));
    assert_eq!(report.digest, digest_of(b"out\n", b"err\n"));
}

#[tokio::test]
async fn a_signal_that_was_not_ours_is_told() {
    let (report, ..) = quick("kill -SEGV $$").await;
    assert_eq!(report.how, How::Signalled(11));
}

#[tokio::test]
async fn the_environment_is_what_was_given_and_nothing_else() {
    let mut env = shell("env");
    env.argv = vec!["env".into()];
    env.env = [("PATH", "/usr/bin:/bin"), ("ONLY", "this")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    env.marker = "m".into();
    let (_, out, _) = listen(&env, &Stop::new()).await;
    let mut lines: Vec<&str> = std::str::from_utf8(&out).unwrap().lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["D1_TASK=m", "ONLY=this", "PATH=/usr/bin:/bin"]);
}

#[tokio::test]
async fn there_is_no_input_and_no_terminal() {
    let (report, out, _) = quick("cat; (exec 3</dev/tty) 2>/dev/null || echo none").await;
    assert_eq!((report.how, out.as_str()), (How::Exited(0), "none\n"));
}

#[tokio::test]
async fn it_starts_where_it_is_told_to() {
    let mut pwd = shell("pwd");
    pwd.cwd = Some("/usr/share".into());
    let (_, out, _) = listen(&pwd, &Stop::new()).await;
    assert_eq!(out, b"/usr/share\n");
}

#[tokio::test]
async fn what_cannot_run_is_an_error_that_says_why() {
    let (to, _from) = mpsc::channel(1);
    let error = async |change: fn(&mut Invocation)| {
        let mut invocation = shell("true");
        change(&mut invocation);
        run(&invocation, &to, &Stop::new()).await.unwrap_err()
    };
    let missing = error(|it| it.argv = vec!["no-such-program".into()]).await;
    assert_eq!(
        missing.to_string(),
        "there is no program `no-such-program` on this machine; install it, or check its spelling"
    );
    assert!(matches!(error(|it| it.argv = vec![]).await, ProcessError::Empty));
    let not_executable = error(|it| it.argv = vec!["/etc/passwd".into()]).await;
    assert!(matches!(not_executable, ProcessError::NotFound { .. }));
    let cwd = error(|it| it.cwd = Some("/nowhere".into())).await;
    assert_eq!(cwd.to_string(), "`/nowhere` is not a directory it could start in");
    let nul = error(|it| it.argv.push("a\0b".into())).await;
    assert!(matches!(nul, ProcessError::Spawn { .. }));
}

#[tokio::test]
async fn a_timeout_ends_a_tree_that_cut_itself_loose_and_ignores_requests() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let script = format!(
        "trap '' TERM HUP INT; (setsid sh -c 'trap \"\" TERM HUP; echo $$ > {}; while :; do sleep 1; done' &) ; \
         while :; do sleep 1; done",
        file.display()
    );
    let mut stubborn = shell(&script);
    stubborn.timeout = Duration::from_secs(1);
    let (report, ..) = listen(&stubborn, &Stop::new()).await;
    assert_eq!(report.how, How::TimedOut);
    assert!(!alive(pid_in(&file).await));
}

#[tokio::test]
async fn a_stopped_process_is_ended_too() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let script = format!("sh -c 'echo $$ > {}; kill -STOP $$' & wait", file.display());
    let stop = Stop::new();
    let invocation = shell(&script);
    let kill = async {
        pid_in(&file).await;
        stop.ask(StopMode::Kill);
    };
    let ((report, ..), ()) = tokio::join!(listen(&invocation, &stop), kill);
    assert_eq!(report.how, How::Killed);
    assert!(!alive(pid_in(&file).await));
}

#[tokio::test]
async fn a_polite_request_lets_a_program_tidy_up() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let script = format!(
        "trap 'echo tidied; exit 0' TERM; echo $$ > {}; while :; do sleep 0.05; done",
        file.display()
    );
    let stop = Stop::new();
    let mut invocation = shell(&script);
    invocation.grace = Duration::from_secs(20);
    let ask = async {
        pid_in(&file).await;
        stop.ask(StopMode::Now);
    };
    let ((report, out, _), ()) = tokio::join!(listen(&invocation, &stop), ask);
    assert_eq!((report.how, out.as_slice()), (How::Cancelled, b"tidied\n".as_slice()));
}

#[tokio::test]
async fn what_must_not_be_interrupted_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let (file, gate) = (dir.path().join("pid"), dir.path().join("gate"));
    let script = format!(
        "echo $$ > {}; while [ ! -e {} ]; do sleep 0.02; done; echo whole",
        file.display(),
        gate.display()
    );
    let stop = Stop::new();
    let mut invocation = shell(&script);
    invocation.interruptible = false;
    let ask = async {
        pid_in(&file).await;
        stop.ask(StopMode::Now);
        tokio::task::yield_now().await;
        fs::write(&gate, "").unwrap();
    };
    let ((report, out, _), ()) = tokio::join!(listen(&invocation, &stop), ask);
    assert_eq!((report.how, out.as_slice()), (How::Exited(0), b"whole\n".as_slice()));
}

#[tokio::test]
async fn leftovers_are_killed_or_left_as_asked() {
    for (leftovers, lives) in [(Leftovers::Kill, false), (Leftovers::Leave, true)] {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pid");
        let script = format!(
            "(setsid sh -c 'echo $$ > {}; exec sleep 60' >/dev/null 2>&1 &); \
             while [ ! -s {} ]; do sleep 0.01; done",
            file.display(),
            file.display()
        );
        let mut invocation = shell(&script);
        invocation.leftovers = leftovers;
        invocation.marker = format!("leftovers-{lives}");
        let (report, ..) = listen(&invocation, &Stop::new()).await;
        assert_eq!(report.how, How::Exited(0));
        let pid = pid_in(&file).await;
        assert_eq!(alive(pid), lives);
        if lives {
            let kill = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status();
            assert!(kill.unwrap().success());
        }
    }
}

#[tokio::test]
async fn bytes_are_passed_on_exactly() {
    let (_, out, _) = listen(&shell("printf '\\000\\377\\n\\200'"), &Stop::new()).await;
    assert_eq!(out, b"\x00\xff\n\x80");
}

#[tokio::test]
async fn much_output_is_bounded_and_counted() {
    const MUCH: usize = 50_000_000;
    let script = format!("yes d1 | head -c {MUCH}");
    let (report, out, _) = listen(&shell(&script), &Stop::new()).await;
    assert_eq!(report.how, How::Exited(0));
    assert!(out.len() < 2_000_000, "{} bytes were passed on", out.len());
    assert_eq!(out.len() as u64 + report.dropped, MUCH as u64);
    let all: Vec<u8> = b"d1\n".iter().copied().cycle().take(MUCH).collect();
    assert_eq!(report.digest, digest_of(&all, b""));
    assert!(report.stdout.contains("bytes left out"));
}

#[tokio::test]
async fn a_slow_reader_slows_the_program_down() {
    let dir = tempfile::tempdir().unwrap();
    let done = dir.path().join("done");
    let script = format!("head -c 900000 /dev/zero; echo x > {}", done.display());
    let invocation = shell(&script);
    let (to, mut from) = mpsc::channel::<Output>(1);
    let stop = Stop::new();
    let work = run(&invocation, &to, &stop);
    tokio::pin!(work);
    let patience = tokio::time::sleep(Duration::from_millis(300));
    tokio::select! {
        _ = &mut work => panic!("it ended though nobody read"),
        () = patience => {}
    }
    assert!(!done.exists(), "900 kB do not fit between a program and a reader that sleeps");
    let drain = async { while from.recv().await.is_some() {} };
    tokio::select! {
        report = &mut work => assert_eq!(report.unwrap().how, How::Exited(0)),
        () = drain => {}
    }
    assert!(done.exists());
}

#[tokio::test]
async fn a_reader_that_is_gone_does_not_stop_the_program() {
    let (to, from) = mpsc::channel(1);
    drop(from);
    let report = run(&shell("yes | head -c 300000; exit 4"), &to, &Stop::new()).await.unwrap();
    assert_eq!(report.how, How::Exited(4));
}

#[tokio::test]
async fn a_wish_from_before_the_start_is_honoured() {
    let stop = Stop::new();
    stop.ask(StopMode::Kill);
    let (report, ..) = listen(&shell("sleep 60"), &stop).await;
    assert_eq!(report.how, How::Killed);
}

#[tokio::test]
async fn spooled_output_is_the_same_output() {
    let dir = tempfile::tempdir().unwrap();
    let mut invocation = shell("echo one; echo two >&2; sleep 0.1; echo three");
    invocation.capture = Capture::Spooled { folder: dir.path().into(), name: "job".into() };
    let (report, out, err) = listen(&invocation, &Stop::new()).await;
    assert_eq!(report.how, How::Exited(0));
    assert_eq!((out.as_slice(), err.as_slice()), (b"one\nthree\n".as_slice(), b"two\n".as_slice()));
    assert!(!Spool::new(dir.path(), "job").is_alive());
}

/// The other half of the next test: a process that starts a program and is killed.
#[tokio::test]
async fn helper_that_is_killed_while_its_program_runs() {
    let Ok(dir) = std::env::var("D1_TEST_SPOOL") else { return };
    let gate = Path::new(&dir).join("gate");
    let script = format!(
        "echo before; while [ ! -e {} ]; do sleep 0.02; done; echo after; echo err >&2",
        gate.display()
    );
    let mut invocation = shell(&script);
    invocation.capture = Capture::Spooled { folder: dir.clone().into(), name: "job".into() };
    let _killed = listen(&invocation, &Stop::new()).await;
}

#[tokio::test]
async fn a_program_outlives_us_and_its_words_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let mut helper = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "helper_that_is_killed_while_its_program_runs"])
        .env("D1_TEST_SPOOL", dir.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let spool = Spool::new(dir.path(), "job");
    let begun = async {
        while !fs::read_to_string(dir.path().join("job.out")).is_ok_and(|text| text == "before\n") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), begun).await.expect("it began");
    helper.kill().unwrap();
    helper.wait().unwrap();
    assert!(spool.is_alive(), "the program goes on without us");
    fs::write(dir.path().join("gate"), "").unwrap();
    let (to, mut from) = mpsc::channel(16);
    let ended = spool.wait(&to, Duration::from_secs(20)).await.unwrap();
    drop(to);
    assert!(ended);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    while let Some(Output { stream, bytes }) = from.recv().await {
        if stream == Stream::Stdout { out.extend(bytes) } else { err.extend(bytes) }
    }
    assert_eq!(
        (out.as_slice(), err.as_slice()),
        (b"before\nafter\n".as_slice(), b"err\n".as_slice())
    );
    assert!(!spool.is_alive());
}
