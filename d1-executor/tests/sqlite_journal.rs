//! The SQLite journal sits the exam of its port, and fails as it should.

#![expect(clippy::unwrap_used, reason = "these are tests")]

use d1_core::{
    Baseline, Journal, JournalError, Outcome, OutputChunk, Reception, ReplayLedger, SetupId, Stage,
    TaskCommand, TaskId, TaskResult, Timestamp, conformance,
};
use d1_executor::SqliteJournal;
use std::{error::Error as _, fs, path::Path, sync::Arc};

const NOW: Timestamp = Timestamp(1_000);

#[tokio::test]
async fn it_obeys_every_law() {
    let folder = tempfile::tempdir().unwrap();
    conformance::journal(|| async { fresh(folder.path()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_obeys_every_law_on_many_threads() {
    let folder = tempfile::tempdir().unwrap();
    conformance::journal(|| async { fresh(folder.path()) }).await;
}

#[tokio::test]
async fn what_it_keeps_outlives_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let open = || async { Arc::new(SqliteJournal::open(&path).unwrap()) as Arc<dyn Journal> };
    conformance::journal_durability(open).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_remembers_heeded_orders_by_every_law() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path| Arc::new(SqliteJournal::open(path).unwrap()) as Arc<dyn ReplayLedger>;
    let make = || async { open(&folder.path().join(SetupId::generate().to_string())) };
    conformance::replay_ledger(make).await;
    let path = folder.path().join("journal.db");
    conformance::replay_ledger_durability(|| async { open(&path) }).await;
}

/// A journal in a file that was not there before.
fn fresh(folder: &Path) -> Arc<dyn Journal> {
    let path = folder.join(SetupId::generate().to_string());
    Arc::new(SqliteJournal::open(&path).unwrap())
}

#[tokio::test]
async fn writes_that_wait_share_one_commit() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Arc::new(SqliteJournal::open(&folder.path().join("journal.db")).unwrap());
    let before = journal.commits();
    let held = journal.hold().await;
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let journal = Arc::clone(&journal);
        writers.spawn(async move { journal.receive(&an_order(), NOW).await.unwrap() });
    }
    while journal.waiting() < 64 {
        tokio::task::yield_now().await;
    }
    drop(held);
    assert_eq!(writers.join_all().await, vec![Reception::New; 64]);
    assert_eq!(journal.entries().await.unwrap().len(), 64);
    // One for the hold, one for the sixty-four.
    assert_eq!(journal.commits() - before, 2);
}

#[tokio::test]
async fn what_was_begun_is_done_when_the_caller_goes_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let journal = SqliteJournal::open(&path).unwrap();
    let (order, never) = (an_order(), an_order());
    let held = journal.hold().await;
    tokio::select! {
        biased;
        _ = journal.receive(&order, NOW) => panic!("the writer is held"),
        () = std::future::ready(()) => {}
    }
    // This one goes away before it has begun.
    drop(journal.receive(&never, NOW));
    drop(held);
    drop(journal);
    let journal = SqliteJournal::open(&path).unwrap();
    assert!(journal.entry(order.task).await.unwrap().is_some());
    assert!(journal.entry(never.task).await.unwrap().is_none());
}

#[tokio::test]
async fn a_full_disk_refuses_whole_writes_and_harms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(&folder.path().join("journal.db")).unwrap();
    let order = an_order();
    journal.receive(&order, NOW).await.unwrap();
    let before = journal.entries().await.unwrap();
    journal.fill_up().await.unwrap();

    // Chunks that fit come before the one that does not: none of them may stay.
    let chunks: Vec<_> = (1..=8).map(|seq| a_chunk(order.task, seq)).collect();
    let error = journal.append(&chunks).await.unwrap_err();
    assert_eq!(error.to_string(), "the journal could not keep output");
    assert_eq!(error.source().unwrap().to_string(), "database or disk is full");
    assert_eq!(journal.output(order.task, 1, 0, 99).await.unwrap(), []);
    let mut large = an_order();
    large.step.title = "x".repeat(OutputChunk::MAX_BYTES);
    let error = journal.receive(&large, NOW).await.unwrap_err();
    assert!(matches!(error, JournalError::Backend { doing: "write an order down", .. }));
    assert_eq!(journal.entries().await.unwrap(), before);

    journal.make_room().await.unwrap();
    journal.append(&chunks).await.unwrap();
    assert_eq!(journal.output(order.task, 1, 0, 99).await.unwrap(), chunks);
    assert_eq!(journal.receive(&large, NOW).await.unwrap(), Reception::New);
}

#[tokio::test]
async fn one_that_is_refused_takes_nobody_of_its_moment_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(&folder.path().join("journal.db")).unwrap();
    let (good, stale, baseline) = (an_order(), an_order(), Baseline::default());
    journal.fence(stale.setup, 9).await.unwrap();
    let held = journal.hold().await;
    let writes = async {
        tokio::join!(
            journal.receive(&stale, NOW),
            journal.receive(&good, NOW),
            journal.start(stale.task, 1, &baseline, NOW),
            journal.start(good.task, 1, &baseline, NOW),
        )
    };
    let release = async {
        while journal.waiting() < 4 {
            tokio::task::yield_now().await;
        }
        drop(held);
    };
    let ((refused, new, unknown, begun), ()) = tokio::join!(writes, release);
    assert!(matches!(refused, Err(JournalError::StaleEpoch { .. })));
    assert_eq!(new.unwrap(), Reception::New);
    assert!(matches!(unknown, Err(JournalError::Unknown(_))));
    begun.unwrap();
    assert_eq!(journal.entries().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_transaction_that_fails_fails_for_all_in_it_and_for_nobody_after() {
    let folder = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(&folder.path().join("journal.db")).unwrap();
    let (before, after) = (an_order(), an_order());
    let held = journal.hold().await;
    let writes = async {
        tokio::join!(journal.receive(&before, NOW), journal.spoil(), journal.receive(&after, NOW))
    };
    let release = async {
        while journal.waiting() < 3 {
            tokio::task::yield_now().await;
        }
        drop(held);
    };
    let ((one, spoilt, other), ()) = tokio::join!(writes, release);
    assert!(matches!(one, Err(JournalError::Backend { .. })));
    assert!(matches!(spoilt, Err(JournalError::Backend { .. })));
    assert!(matches!(other, Err(JournalError::Backend { .. })));
    assert_eq!(journal.entries().await.unwrap(), []);
    for order in [&before, &after] {
        assert_eq!(journal.receive(order, NOW).await.unwrap(), Reception::New);
    }
}

#[tokio::test]
async fn a_journal_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    drop(SqliteJournal::open(&path).unwrap());
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 7).unwrap();
    drop(db);
    let expected = format!(
        "this database was written by a newer version (form 7, known up to 2): `{}`; \
         upgrade d1-doctor",
        path.display()
    );
    assert_eq!(why_not(&path), expected);
}

#[tokio::test]
async fn what_is_no_journal_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = folder.path().join("foreign.db");
    let db = rusqlite::Connection::open(&foreign).unwrap();
    db.execute_batch("CREATE TABLE theirs (a)").unwrap();
    drop(db);
    let expected = format!(
        "`{}` belongs to another program; move it away, or use another state directory",
        foreign.display()
    );
    assert_eq!(why_not(&foreign), expected);

    let text = folder.path().join("text.db");
    fs::write(&text, "not a database, but long enough to be read as one").unwrap();
    let expected = format!(
        "`{}` is damaged: file is not a database; move it away, and what it remembers with it",
        text.display()
    );
    assert_eq!(why_not(&text), expected);
    assert_eq!(fs::read(&text).unwrap(), b"not a database, but long enough to be read as one");
}

#[tokio::test]
async fn a_journal_with_damaged_pages_says_so_instead_of_guessing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let journal = SqliteJournal::open(&path).unwrap();
    for _ in 0..64 {
        journal.receive(&an_order(), NOW).await.unwrap();
    }
    drop(journal);
    let mut bytes = fs::read(&path).unwrap();
    let page = 4096;
    bytes[page * 2..].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let error = match SqliteJournal::open(&path) {
        Ok(journal) => journal.entries().await.unwrap_err(),
        Err(error) => error,
    };
    assert!(error.source().unwrap().to_string().contains("malformed"), "{error:?}");
}

#[tokio::test]
async fn where_nothing_can_be_written_no_journal_opens() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let path = file.join("journal.db");
    let expected = format!("`{}` could not be made: ", path.display());
    assert!(why_not(&path).starts_with(&expected));
    assert!(why_not(&path).ends_with("; see that its directory can be written"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_read_only_directory_gets_no_journal() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    // Root may write where nobody may; for root this is the system's own read-only place.
    let is_root = fs::write(folder.path().join("probe"), "").is_ok();
    let directory = if is_root { Path::new("/proc") } else { folder.path() };
    assert!(why_not(&directory.join("journal.db")).contains("could not be made: "));
}

#[cfg(unix)]
#[tokio::test]
async fn its_files_are_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/state/journal.db");
    let journal = SqliteJournal::open(&path).unwrap();
    journal.receive(&an_order(), NOW).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let mut files = 0;
    for file in fs::read_dir(path.parent().unwrap()).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
        files += 1;
    }
    assert_eq!(files, 3); // the database, its log, and the index of the log
}

#[tokio::test(flavor = "multi_thread")]
async fn many_can_open_a_new_journal_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut openers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let path = path.clone();
        openers.spawn_blocking(move || SqliteJournal::open(&path).map(drop));
    }
    for opened in openers.join_all().await {
        opened.unwrap();
    }
}

#[tokio::test]
async fn two_connections_to_one_file_see_each_others_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let (one, other) = (SqliteJournal::open(&path).unwrap(), SqliteJournal::open(&path).unwrap());
    let order = an_order();
    assert_eq!(one.receive(&order, NOW).await.unwrap(), Reception::New);
    assert!(matches!(other.receive(&order, NOW).await.unwrap(), Reception::Known(_)));
    let result = TaskResult::not_started(order.task, 1, 1, Outcome::Cancelled);
    other.finish(&result, NOW).await.unwrap();
    let stage = one.entry(order.task).await.unwrap().unwrap().stage;
    assert_eq!(stage, Stage::Finished(Box::new(result)));
}

/// Why this file does not open, as a person reads it.
fn why_not(path: &Path) -> String {
    let error = SqliteJournal::open(path).unwrap_err();
    assert_eq!(error.to_string(), "the journal could not open its file");
    error.source().unwrap().to_string()
}

fn a_chunk(task: TaskId, seq: u64) -> OutputChunk {
    let bytes = vec![b'x'; if seq < 8 { 1 } else { OutputChunk::MAX_BYTES }];
    let output = d1_core::Output { stream: d1_core::Stream::Stdout, bytes };
    OutputChunk { task, attempt: 1, seq, output }
}

fn an_order() -> TaskCommand {
    conformance::an_order()
}
