//! Somebody else is at the package database: they are named, waited for, and not forever.

use crate::{
    bench::{Stand, apply, code, install},
    scratch::{Deb, Machine},
};
use d1_core::{Outcome, StopMode};
use d1_executor::PackageManager as _;
use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

const HOLD: &str = "D1_TEST_HOLDS_LOCK";

/// Not a test of its own: the child of the others, which takes the lock and holds it
/// until it is killed. A lock of `fcntl(2)` keeps out other processes only.
#[test]
#[ignore = "started by the tests beside it"]
fn holder() {
    let path = std::env::var(HOLD).expect("started by a test");
    let file =
        std::fs::OpenOptions::new().create(true).write(true).truncate(false).open(path).unwrap();
    rustix::fs::fcntl_lock(&file, rustix::fs::FlockOperation::LockExclusive).unwrap();
    println!("\nheld");
    loop {
        std::thread::park();
    }
}

struct Holder(Child);

impl Holder {
    fn of(lock: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "lock::holder", "--nocapture"])
            .env(HOLD, lock)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line == "held"), "the child has the lock");
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

const GOOD: Deb = Deb::new("d1-good", "1.0");

#[tokio::test]
async fn the_holder_is_named_and_the_work_goes_on_when_it_is_gone() {
    let machine = Machine::with(&[GOOD]);
    let holder = Holder::of(&machine.frontend_lock());
    let pid = holder.0.id();
    let mut stand = Stand::new();
    let (sender, stop, spool) =
        (stand.sender.clone(), stand.stop.clone(), tempfile::tempdir().unwrap());
    let work = async {
        let run = d1_executor::Run {
            output: &sender,
            stop: &stop,
            interruptible: false,
            timeout: Duration::from_secs(300),
            grace: Duration::from_secs(5),
            spool: spool.path(),
            name: "waits-for-the-holder",
            hosts: &[],
        };
        machine.apt.apply(&install(&["d1-good"]), &run).await.unwrap()
    };
    let release = async {
        let note = stand.outputs.recv().await.expect("it says what it waits for");
        drop(holder);
        String::from_utf8(note.bytes).unwrap()
    };
    let (ended, note) = tokio::join!(work, release);
    assert!(note.starts_with("waiting for the package database: "), "{note}");
    assert!(note.contains(&format!("(pid {pid}) has it, 0 s so far")), "{note}");
    assert_eq!(ended.outcome, Outcome::Succeeded);
}

#[tokio::test]
async fn patience_ends_with_the_name_of_the_holder() {
    let machine = Machine::with(&[GOOD]);
    let holder = Holder::of(&machine.frontend_lock());
    let mut stand = Stand::new();
    stand.timeout = Duration::from_secs(1);
    let ended = machine.apt.apply(&install(&["d1-good"]), &stand.run()).await.unwrap();
    assert_eq!((ended.outcome, code(&ended)), (Outcome::Failed, "D1-APT-001"));
    let problem = ended.problem.unwrap();
    assert!(problem.title.contains(&format!("(pid {})", holder.0.id())), "{}", problem.title);
    assert_eq!(problem.state, "nothing was installed, removed or changed");
}

#[tokio::test]
async fn who_waits_can_be_called_off() {
    let machine = Machine::with(&[GOOD]);
    let _holder = Holder::of(&machine.frontend_lock());
    let stand = Stand::new();
    stand.stop.ask(StopMode::Now);
    let ended = machine.apt.apply(&install(&["d1-good"]), &stand.run()).await.unwrap();
    assert_eq!((ended.outcome, ended.changes), (Outcome::Cancelled, vec![]));
}

#[tokio::test]
async fn what_is_there_already_waits_for_nobody() {
    let machine = Machine::with(&[GOOD]);
    machine.apt_get(&["install", "d1-good"]);
    let _holder = Holder::of(&machine.frontend_lock());
    assert_eq!(apply(&machine.apt, &install(&["d1-good"])).await.outcome, Outcome::NoChange);
}

#[tokio::test]
async fn a_preview_waits_for_nobody_and_takes_no_running_installation_for_a_broken_one() {
    let bad = Deb::new("d1-bad", "1.0").postinst("exit 3");
    let machine = Machine::with(&[GOOD, bad]);
    apply(&machine.apt, &install(&["d1-bad"])).await;
    let holder = Holder::of(&machine.frontend_lock());
    let preview = machine.apt.preview(&install(&["d1-good"])).await.unwrap();
    assert_ne!(preview.blocked.map(|problem| problem.code), Some("D1-APT-007".to_owned()));
    assert!(
        preview.warnings.iter().any(|w| w.contains(&format!("(pid {})", holder.0.id()))),
        "{:?}",
        preview.warnings
    );
    drop(holder);
    let blocked = machine.apt.preview(&install(&["d1-good"])).await.unwrap().blocked;
    assert_eq!(blocked.map(|problem| problem.code), Some("D1-APT-007".to_owned()));
}
