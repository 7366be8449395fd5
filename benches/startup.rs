//! How long a person waits before anything happens: the real programs, from `exec` on.
//!
//! Promises: `d1-doctor --version` within 10 ms and 3 times `/bin/true`; a local `status`
//! within 6 times; a daemon ready within 50 ms and 10 times.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use d1_world::{Contest, Desk};
use std::{
    process::{Command, Stdio},
    time::Instant,
};

const TURNS: usize = 60;

fn quiet(mut command: Command, args: &[&str]) {
    let command = command.args(args).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().unwrap().success(), "{command:?}");
}

fn main() {
    println!("programs of {}\n", profile());
    let alone = Desk::at_this_machine();
    let served = Desk::at_this_machine();
    let daemon = served.daemon(&[]);
    let mut contest = Contest::new("from exec to the end, or to ready");
    for _ in 0..TURNS {
        contest.time("/bin/true", || quiet(alone.program_at("/bin/true"), &[]));
        contest.time("d1-doctor --version", || quiet(alone.program("d1-doctor"), &["--version"]));
        contest.time("d1-doctor status, alone", || quiet(alone.program("d1-doctor"), &["status"]));
        contest
            .time("d1-doctor status, daemon", || quiet(served.program("d1-doctor"), &["status"]));
        let fresh = Desk::at_this_machine();
        let began = Instant::now();
        let server = fresh.daemon(&[]);
        contest.record("d1-daemon, to ready", began.elapsed());
        server.kill();
    }
    contest.report();
    daemon.kill();
}

fn profile() -> &'static str {
    if cfg!(debug_assertions) {
        "a debug build; measure with `cargo bench`"
    } else {
        "a release build"
    }
}
