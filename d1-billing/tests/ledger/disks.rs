//! A disk that is full, that fails, or that forgot the end of what was written.
//!
//! Lives on a bad disk are led by a child process: in a mount namespace of its own, on a small
//! disk in memory; under a limit on the size of files, beyond which writing is an error; or
//! with a sync that fails once.

use crate::{
    crashes::{commands, ledger, nothing_is_lost},
    stage::Stage,
};
use d1_billing::{Applied, BillingError, Key, Ledger, Operation, SqliteBooks};
use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{self, Command},
};

/// Tells the child where its disk is, and what is wrong with it.
const DISK: &str = "D1_DISK_OF_TEST";
/// What the child says last, when all was as it should be.
const LIVED: &[u8] = b"lived\n";
/// The small disk, and the part of it that something else takes first.
const SMALL: &str = "size=8m";
const BALLAST: usize = 7_400_000;
/// The size that no file may exceed; `ledger.db-wal` comes to it first.
const LIMIT: &str = "--fsize=400000:unlimited";

/// Which syncs fail; the first few make the file.
const SYNCS: [u32; 3] = [12, 16, 33];

fn open(directory: &Path) -> Ledger {
    ledger(SqliteBooks::open(&directory.join("ledger.db")).unwrap())
}

/// Runs the child's life in this directory, by way of these programs.
fn child(by_way_of: &[&str], name: &str, directory: &Path) {
    let (first, others) = by_way_of.split_first().unwrap();
    let lived = Command::new(first)
        .args(others)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(DISK, directory)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&lived.stderr);
    assert!(lived.status.success() && lived.stderr.ends_with(LIVED), "{told}");
}

/// Says commands until there is trouble, and tells how many were answered before.
async fn until_trouble(ledger: &Ledger) -> Vec<usize> {
    let mut answered = vec![];
    for (number, (key, operation)) in commands().into_iter().enumerate() {
        match ledger.apply(key, operation).await {
            Ok(_) => answered.push(number),
            Err(BillingError::Unavailable { .. }) => return answered,
            Err(other) => panic!("{other:?}"),
        }
    }
    panic!("there was room for everything");
}

/// The next command that was not answered.
fn next(answered: &[usize]) -> (Key, Operation) {
    commands().swap_remove(answered.len())
}

fn is_trouble<T>(answer: &Result<T, BillingError>) -> bool {
    matches!(answer, Err(BillingError::Unavailable { .. }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_life_on_a_full_disk() {
    let Some(directory) = std::env::var_os(DISK).map(PathBuf::from) else { return };
    let mount = ["-t", "tmpfs", "-o", SMALL, "small"];
    assert!(Command::new("mount").args(mount).arg(&directory).status().unwrap().success());
    let ballast = directory.join("ballast");
    fs::write(&ballast, vec![1; BALLAST]).unwrap();
    let ledger = open(&directory);
    let answered = until_trouble(&ledger).await;
    for _ in 0..3 {
        let (key, operation) = next(&answered);
        assert!(is_trouble(&ledger.apply(key, operation).await));
        assert_eq!(ledger.verify().await.unwrap().1, None, "what is there can be read");
    }
    fs::remove_file(ballast).unwrap();
    nothing_is_lost(&ledger, &answered, "when there is room again").await;
    drop(ledger);
    let all: Vec<usize> = (0..commands().len()).collect();
    nothing_is_lost(&open(&directory), &all, "after a restart").await;
    io::stderr().write_all(LIVED).unwrap();
}

#[test]
fn a_full_disk_loses_nothing_that_was_answered_and_work_goes_on_when_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let alone = ["unshare", "--user", "--map-root-user", "--mount"];
    child(&alone, "disks::a_life_on_a_full_disk", directory.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_life_on_a_failing_disk() {
    let Some(directory) = std::env::var_os(DISK).map(PathBuf::from) else { return };
    let ledger = open(&directory);
    let answered = until_trouble(&ledger).await;
    assert!(!answered.is_empty(), "it failed before it was used");
    let (key, operation) = next(&answered);
    let id = process::id().to_string();
    let raise = ["--fsize=unlimited", "--pid", &id];
    assert!(Command::new("prlimit").args(raise).status().unwrap().success());
    // What such a disk still has is not certain, so nothing is written to it any more.
    assert!(is_trouble(&ledger.apply(key, operation).await));
    drop(ledger);
    nothing_is_lost(&open(&directory), &answered, "after a restart").await;
    io::stderr().write_all(LIVED).unwrap();
}

const FAILING: &str = "disks::a_life_on_a_failing_disk";

#[test]
fn a_failing_disk_loses_nothing_that_was_answered_and_is_written_to_no_more() {
    let directory = tempfile::tempdir().unwrap();
    let limited = ["env", "--ignore-signal=XFSZ", "prlimit", LIMIT, "--"];
    child(&limited, FAILING, directory.path());
}

#[test]
fn a_disk_that_fails_once_and_says_it_is_well_again_is_not_believed() {
    let tools = tempfile::tempdir().unwrap();
    let (source, library) = (tools.path().join("fsync.c"), tools.path().join("fsync.so"));
    fs::write(&source, include_str!("fsync.c")).unwrap();
    let mut compile = Command::new("cc");
    compile.args(["-shared", "-fPIC", "-o"]).args([&library, &source]);
    assert!(compile.status().unwrap().success());
    let preload = format!("LD_PRELOAD={}", library.display());
    for syncs in SYNCS {
        let directory = tempfile::tempdir().unwrap();
        let number = format!("SYNCS_UNTIL_FAILURE={syncs}");
        child(&["env", &preload, &number], FAILING, directory.path());
    }
}

/// How many commands are written before the log is damaged, each by itself.
const COMMANDS: usize = 16;
/// At how many places the log is damaged.
const PLACES: usize = 7;

/// A copy of the books whose log ends here, or is another from here on.
fn damaged(original: &Path, at: usize, is_torn: bool) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    fs::copy(original.join("ledger.db"), copy.path().join("ledger.db")).unwrap();
    let mut log = fs::read(original.join("ledger.db-wal")).unwrap();
    if is_torn {
        log.truncate(at);
    } else {
        log[at..].iter_mut().for_each(|byte| *byte = !*byte);
    }
    fs::write(copy.path().join("ledger.db-wal"), log).unwrap();
    copy
}

/// What was synced cannot be lost by a crash. When it is lost all the same, by a disk that
/// lies or a file that was cut, then from the end: what was written before is there, whole.
#[tokio::test]
async fn a_log_that_lost_its_end_has_everything_before_it_and_half_of_nothing() {
    let stage = Stage::sqlite();
    let original = stage.directory();
    let size = || fs::metadata(original.join("ledger.db-wal")).unwrap().len() as usize;
    let mut ends = vec![];
    for (key, operation) in commands().into_iter().take(COMMANDS) {
        stage.ledger.apply(key, operation).await.unwrap();
        ends.push(size());
    }
    for place in 0..PLACES * 2 {
        let first = ends[1];
        let at = first + (size() - first) * place / (PLACES * 2);
        let copy = damaged(original, at, place % 2 == 0);
        let ledger = open(copy.path());
        assert_eq!(ledger.verify().await.unwrap().1, None);
        let kept = ends.iter().filter(|end| **end <= at).count();
        for (number, (key, operation)) in commands().into_iter().take(COMMANDS).enumerate() {
            let again = ledger.apply(key, operation).await.unwrap();
            let is_kept = matches!(again, Applied::Replayed(_));
            assert_eq!(is_kept, number < kept, "{number} of {kept}, damaged at {at}");
        }
        assert_eq!(ledger.verify().await.unwrap().1, None);
    }
}
