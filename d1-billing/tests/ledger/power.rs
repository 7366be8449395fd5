//! A machine that loses its power: of each file there is what was synced of it, and no more.
//!
//! 1. A child works on a disk of which every sync is noted, and dies when all is written and
//!    is to be synced.
//! 2. Every file becomes what it was at its last sync; what was never synced is gone.
//! 3. What was answered is there, and all said again is done once.

use crate::crashes::{child, commands, deaths, ledger, nothing_is_lost};
use d1_billing::SqliteBooks;
use std::{fs, path::Path, process::Command};

/// How often the power is lost; `D1_DEATHS=1000` asks for more.
const CUTS: usize = 24;
/// The last sync at which it is: a life has about as many.
const SYNCS: usize = 24;
/// No fault point is passed as often.
const NEVER: &str = "ledger.begin:1000000";
/// The files of a ledger. A third one, of what is shared in memory, is made anew.
const FILES: [&str; 2] = ["ledger.db", "ledger.db-wal"];

/// The library that makes a disk forget.
fn library(tools: &Path) -> String {
    let (source, library) = (tools.join("power.c"), tools.join("power.so"));
    fs::write(&source, include_str!("power.c")).unwrap();
    let mut compile = Command::new("cc");
    compile.args(["-shared", "-fPIC", "-o"]).args([&library, &source]);
    assert!(compile.status().unwrap().success());
    library.display().to_string()
}

/// What a disk has that was without power, of what it had before.
fn after_a_cut(before: &Path) -> tempfile::TempDir {
    let after = tempfile::tempdir().unwrap();
    for file in FILES {
        let kept = before.join(format!("{file}.kept"));
        if kept.exists() {
            fs::copy(kept, after.path().join(file)).unwrap();
        }
    }
    after
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_loses_its_power_has_all_that_sqlite_answered() {
    let tools = tempfile::tempdir().unwrap();
    let library = library(tools.path());
    let (mut died, mut forgot) = (0, 0);
    for number in 0..deaths(CUTS) {
        let before = tempfile::tempdir().unwrap();
        let place = before.path().join("ledger.db");
        let at = (1 + number % SYNCS).to_string();
        let environment = [("LD_PRELOAD", &*library), ("SYNCS_UNTIL_CUT", &at)];
        let (ended_well, answered) = child(place.to_str().unwrap(), NEVER, &environment);
        died += usize::from(!ended_well);
        assert!(!ended_well || answered.len() == commands().len(), "at {at}");
        let after = after_a_cut(before.path());
        let size = |directory: &Path, file: &str| {
            fs::read(directory.join(file)).map_or(0, |content| content.len())
        };
        forgot += usize::from(size(before.path(), FILES[1]) > size(after.path(), FILES[1]));
        let books = SqliteBooks::open(&after.path().join("ledger.db")).unwrap();
        nothing_is_lost(&ledger(books), &answered, &format!("cut off at sync {at}")).await;
    }
    assert!(died * 2 > deaths(CUTS), "only {died} died");
    assert!(forgot > 0, "nothing was ever written that was not synced");
}
