//! What a look at a machine costs: what the engine adds to a check, and all quick checks.
//!
//! Promises: the engine adds at most four times what handing bare work to another thread and
//! waiting for it with a deadline costs; all quick checks together take at most two seconds.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use d1_core::{About, Pace, SystemClock, Verdict};
use d1_executor::{Check, Doctor, Found, Host, Selection, Sight};
use d1_world::{Contest, Desk};
use futures_util::{StreamExt as _, stream};
use std::{path::Path, process::Stdio, sync::Arc, time::Duration};
use tokio::task::spawn_blocking;

const TURNS: usize = 200;
/// How many checks there are when only the engine is measured.
const CHECKS: usize = 100;
/// As many at once as the engine makes.
const AT_ONCE: usize = 8;
const DEADLINE: Duration = Duration::from_secs(2);

const NOTHING: Check = Check {
    about: About {
        id: "x.nothing",
        title: "nothing",
        reads: "nothing",
        severity: Verdict::Warn,
        pace: Pace::Fast,
        network: false,
    },
    look: |_| Box::pin(async { Found::ok("so it is") }),
};

/// The least that has to be done for work that may hang: another thread, and a deadline.
async fn bare() -> usize {
    let work = || tokio::time::timeout(DEADLINE, spawn_blocking(|| Found::ok("so it is")));
    let all = stream::iter(0..CHECKS).map(|_| work()).buffer_unordered(AT_ONCE);
    all.filter(|ended| std::future::ready(ended.is_ok())).count().await
}

async fn look(doctor: &Doctor) -> usize {
    doctor.examine(&Selection::default()).count().await
}

fn sight() -> Sight {
    let host = Host::this(Arc::new(SystemClock::new()));
    Sight { offline: true, ..Sight::this(host, Path::new("/nonexistent")) }
}

#[tokio::main]
async fn main() {
    let idle = Doctor::of(sight(), [NOTHING; CHECKS]);
    let mut engine = Contest::new("the engine: a hundred checks that do nothing");
    for _ in 0..TURNS {
        assert_eq!(engine.wait("bare work with a deadline", bare()).await, CHECKS);
        assert_eq!(engine.wait("the engine", look(&idle)).await, CHECKS);
    }
    engine.report();

    let doctor = Doctor::new(sight());
    let count = doctor.selected(&Selection::default()).len();
    println!("{count} quick checks of this machine, without the network\n");
    let desk = Desk::at_this_machine();
    let mut whole = Contest::new("a whole look");
    for _ in 0..TURNS / 10 {
        whole.time("/bin/true", || run(desk.program_at("/bin/true"), &[]));
        assert_eq!(whole.wait("in this process", look(&doctor)).await, count);
        let args = ["diagnose", "--offline"];
        whole.time("d1-doctor diagnose --offline", || run(desk.program("d1-doctor"), &args));
    }
    whole.report();
}

fn run(mut command: std::process::Command, args: &[&str]) {
    let command = command.args(args).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().unwrap().success(), "{command:?}");
}
