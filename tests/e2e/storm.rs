//! A storm of real processes: three servers on PostgreSQL and Redis, five machines, work that
//! flows, and everything killed, stopped and cut off at random. Afterwards all is as promised.
//!
//! `D1_STORM_SECONDS` is how long it rages, `D1_STORM_SEED` which faults come in which order. The
//! order of faults is the same each time; when exactly they meet the work is not.

mod database;
mod faults;
mod history;
mod place;
mod work;

use faults::Faults;
use place::Place;
use std::{io::Write as _, time::Duration};
use tokio::task::JoinSet;

/// How long it rages when nobody says otherwise: short enough for every run of the tests.
const SECONDS: u64 = 15;
/// The seed when nobody says otherwise.
const SEED: u64 = 4_711;

fn number(name: &str, usual: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")),
        Err(_) => usual,
    }
}

/// Tells how it goes, beside the tests' own words: a failure is told with its seed and faults.
fn say(line: &str) {
    // Nobody listens when it fails.
    drop(writeln!(std::io::stderr(), "storm: {line}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_happens_to_real_processes_every_promise_is_kept() {
    let (seconds, seed) = (number("D1_STORM_SECONDS", SECONDS), number("D1_STORM_SEED", SEED));
    say(&format!("D1_STORM_SECONDS={seconds} D1_STORM_SEED={seed}"));
    let mut place = Place::new(seed).await;
    let calls = place.calls();
    let mut workers = JoinSet::new();
    for (number, device) in place.devices().await.into_iter().enumerate() {
        workers.spawn(work::flow(calls.clone(), number, device));
    }
    let faults = Faults::new(seed).rage(&mut place, Duration::from_secs(seconds)).await;
    say(&format!("{} faults: {faults:?}", faults.len()));
    workers.shutdown().await;
    place.heal().await;
    history::check(&place).await;
}
