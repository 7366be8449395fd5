//! What a command costs: `/bin/true` by the bare system call, by our runner (output captured,
//! whole tree watched, time limited), and by a shell.
//!
//! Promise: the runner takes at most 1.3 times the bare call.

#![expect(clippy::unwrap_used, reason = "a benchmark")]

use d1_core::{Stop, Supervisor};
use d1_executor::{Capture, Invocation, Leftovers, clean_environment, run};
use d1_world::Contest;
use std::{process::Command, time::Duration};
use tokio::sync::mpsc;

const TURNS: usize = 600;

fn bare(argv: &[&str]) {
    // Without hooks of ours the standard library calls posix_spawn.
    let status = Command::new(argv[0]).args(&argv[1..]).env_clear().status().unwrap();
    assert!(status.success());
}

fn invocation(turn: usize) -> Invocation {
    Invocation {
        argv: vec!["/bin/true".into()],
        cwd: None,
        env: clean_environment(&|_| None),
        timeout: Duration::from_secs(10),
        grace: Duration::from_secs(1),
        interruptible: true,
        capture: Capture::Piped,
        leftovers: Leftovers::Kill,
        marker: format!("bench-{turn}"),
    }
}

#[tokio::main]
async fn main() {
    let (to, mut from) = mpsc::channel(16);
    let supervisor = Supervisor::default();
    supervisor.run("listener", async move { while from.recv().await.is_some() {} });
    let mut contest = Contest::new("run /bin/true");
    for turn in 0..TURNS {
        contest.time("posix_spawn and wait", || bare(&["/bin/true"]));
        let invocation = invocation(turn);
        contest.wait("our runner", run(&invocation, &to, &Stop::new())).await.unwrap();
        contest.time("sh -c", || bare(&["/bin/sh", "-c", "/bin/true"]));
    }
    contest.report();
}
