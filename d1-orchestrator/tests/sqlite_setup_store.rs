//! The SQLite store of setups sits the exam of its port, and fails as it should.

#![expect(clippy::unwrap_used, reason = "these are tests")]

use d1_core::{
    AccountId, Page, Progress, ProgressEvent, Setup, SetupId, SetupStore, StoreError, Timestamp,
    conformance,
};
use d1_orchestrator::SqliteSetupStore;
use std::{error::Error as _, fs, path::Path, sync::Arc};

const NOW: Timestamp = Timestamp(1_000);

#[tokio::test]
async fn it_obeys_every_law() {
    let folder = tempfile::tempdir().unwrap();
    conformance::setup_store(|| async { fresh(folder.path()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_obeys_every_law_on_many_threads() {
    let folder = tempfile::tempdir().unwrap();
    conformance::setup_store(|| async { fresh(folder.path()) }).await;
}

#[tokio::test]
async fn what_it_keeps_outlives_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("setups.db");
    let open = || async { Arc::new(SqliteSetupStore::open(&path).unwrap()) as Arc<dyn SetupStore> };
    conformance::setup_store_durability(open).await;
}

/// A store in a file that was not there before.
fn fresh(folder: &Path) -> Arc<dyn SetupStore> {
    let path = folder.join(SetupId::generate().to_string());
    Arc::new(SqliteSetupStore::open(&path).unwrap())
}

#[tokio::test]
async fn writes_that_wait_share_one_commit() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteSetupStore::open(&folder.path().join("setups.db")).unwrap());
    let (before, account) = (store.commits(), AccountId::generate());
    let held = store.hold().await;
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let store = Arc::clone(&store);
        writers.spawn(async move { store.create(&a_setup(account), None, &[]).await.unwrap() });
    }
    while store.waiting() < 64 {
        tokio::task::yield_now().await;
    }
    drop(held);
    writers.join_all().await;
    assert_eq!(store.list(account, Page::default()).await.unwrap().len(), 64);
    // One for the hold, one for the sixty-four.
    assert_eq!(store.commits() - before, 2);
}

#[tokio::test]
async fn what_was_begun_is_done_when_the_caller_goes_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("setups.db");
    let store = SqliteSetupStore::open(&path).unwrap();
    let (setup, news) = (a_setup(AccountId::generate()), [said("hello")]);
    let held = store.hold().await;
    tokio::select! {
        biased;
        _ = store.create(&setup, None, &news) => panic!("the writer is held"),
        () = std::future::ready(()) => {}
    }
    drop(held);
    drop(store);
    let store = SqliteSetupStore::open(&path).unwrap();
    assert_eq!(store.get(setup.id).await.unwrap(), setup);
    assert_eq!(store.progress(setup.id, 0, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_full_disk_refuses_whole_writes_and_harms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteSetupStore::open(&folder.path().join("setups.db")).unwrap();
    let mut setup = store.create(&a_setup(AccountId::generate()), None, &[]).await.unwrap();
    let unchanged = setup.clone();
    store.fill_up().await.unwrap();

    // What fits comes before what does not: none of it may stay.
    let news = [said("short"), said(&"long".repeat(64 * 1024))];
    let error = store.save(&mut setup, &news, NOW).await.unwrap_err();
    assert_eq!(error.to_string(), "the store could not save a setup");
    assert_eq!(error.source().unwrap().to_string(), "database or disk is full");
    assert_eq!(setup, unchanged);
    assert_eq!(store.get(setup.id).await.unwrap(), unchanged);
    store.tell(setup.id, &news, NOW).await.unwrap_err();
    assert_eq!(store.progress(setup.id, 0, 9).await.unwrap(), []);

    store.make_room().await.unwrap();
    store.save(&mut setup, &news, NOW).await.unwrap();
    assert_eq!(store.get(setup.id).await.unwrap(), Setup { version: 1, ..unchanged });
    let told = news.into_iter().zip(1..).map(|(event, seq)| Progress { seq, at: NOW, event });
    assert_eq!(store.progress(setup.id, 0, 9).await.unwrap(), told.collect::<Vec<_>>());
}

#[tokio::test]
async fn one_that_is_refused_takes_nobody_of_its_moment_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteSetupStore::open(&folder.path().join("setups.db")).unwrap();
    let account = AccountId::generate();
    let setup = store.create(&a_setup(account), None, &[]).await.unwrap();
    let (mut stale, mut good) = (Setup { version: 9, ..setup.clone() }, setup.clone());
    let held = store.hold().await;
    let writes = async {
        tokio::join!(
            store.save(&mut stale, &[], NOW),
            store.save(&mut good, &[], NOW),
            store.tell(SetupId::generate(), &[], NOW),
        )
    };
    let release = async {
        while store.waiting() < 3 {
            tokio::task::yield_now().await;
        }
        drop(held);
    };
    let ((refused, saved, unknown), ()) = tokio::join!(writes, release);
    assert!(matches!(refused, Err(StoreError::Stale(_))));
    saved.unwrap();
    assert!(matches!(unknown, Err(StoreError::NotFound(_))));
    assert_eq!(store.list(account, Page::default()).await.unwrap(), [good]);
}

#[tokio::test]
async fn a_transaction_that_fails_fails_for_all_in_it_and_for_nobody_after() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteSetupStore::open(&folder.path().join("setups.db")).unwrap();
    let account = AccountId::generate();
    let (before, after) = (a_setup(account), a_setup(account));
    let held = store.hold().await;
    let writes = async {
        tokio::join!(
            store.create(&before, None, &[]),
            store.spoil(),
            store.create(&after, None, &[]),
        )
    };
    let release = async {
        while store.waiting() < 3 {
            tokio::task::yield_now().await;
        }
        drop(held);
    };
    let ((one, spoilt, other), ()) = tokio::join!(writes, release);
    assert!(matches!(one, Err(StoreError::Backend { .. })));
    assert!(matches!(spoilt, Err(StoreError::Backend { .. })));
    assert!(matches!(other, Err(StoreError::Backend { .. })));
    assert_eq!(store.list(account, Page::default()).await.unwrap(), []);
    for setup in [&before, &after] {
        assert_eq!(store.create(setup, None, &[]).await.unwrap(), *setup);
    }
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("setups.db");
    drop(SqliteSetupStore::open(&path).unwrap());
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 7).unwrap();
    drop(db);
    let expected = format!(
        "this database was written by a newer version (form 7, known up to 1): `{}`; \
         upgrade d1-doctor",
        path.display()
    );
    assert_eq!(why_not(&path), expected);
}

#[tokio::test]
async fn what_is_no_store_is_left_alone() {
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
async fn a_store_with_damaged_pages_says_so_instead_of_guessing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("setups.db");
    let (store, account) = (SqliteSetupStore::open(&path).unwrap(), AccountId::generate());
    for _ in 0..64 {
        store.create(&a_setup(account), None, &[]).await.unwrap();
    }
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    let page = 4096;
    bytes[page * 2..].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let error = match SqliteSetupStore::open(&path) {
        Ok(store) => store.list(account, Page::default()).await.unwrap_err(),
        Err(error) => error,
    };
    assert!(error.source().unwrap().to_string().contains("malformed"), "{error:?}");
}

#[tokio::test]
async fn where_nothing_can_be_written_no_store_opens() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let path = file.join("setups.db");
    let expected = format!("`{}` could not be made: ", path.display());
    assert!(why_not(&path).starts_with(&expected));
    assert!(why_not(&path).ends_with("; see that its directory can be written"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_read_only_directory_gets_no_store() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    // Root may write where nobody may; for root this is the system's own read-only place.
    let is_root = fs::write(folder.path().join("probe"), "").is_ok();
    let directory = if is_root { Path::new("/proc") } else { folder.path() };
    assert!(why_not(&directory.join("setups.db")).contains("could not be made: "));
}

#[cfg(unix)]
#[tokio::test]
async fn its_files_are_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/state/setups.db");
    let store = SqliteSetupStore::open(&path).unwrap();
    store.create(&a_setup(AccountId::generate()), None, &[]).await.unwrap();
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
async fn many_can_open_a_new_store_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("setups.db");
    let mut openers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let path = path.clone();
        openers.spawn_blocking(move || SqliteSetupStore::open(&path).map(drop));
    }
    for opened in openers.join_all().await {
        opened.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_that_save_the_same_version_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("setups.db");
    let open = || Arc::new(SqliteSetupStore::open(&path).unwrap());
    let stores = [open(), open()];
    let setup = stores[0].create(&a_setup(AccountId::generate()), None, &[]).await.unwrap();
    for version in 1..=20 {
        let current = stores[1].get(setup.id).await.unwrap();
        let mut savers = tokio::task::JoinSet::new();
        for store in &stores {
            let (store, mut own) = (Arc::clone(store), current.clone());
            savers.spawn(async move { store.save(&mut own, &[said("won")], NOW).await });
        }
        let mut ends = savers.join_all().await;
        ends.sort_by_key(Result::is_err);
        assert!(matches!(ends[..], [Ok(()), Err(StoreError::Stale(_))]), "{ends:?}");
        assert_eq!(stores[0].get(setup.id).await.unwrap().version, version);
    }
    let news = stores[0].progress(setup.id, 0, 99).await.unwrap();
    assert_eq!(news.iter().map(|news| news.seq).collect::<Vec<_>>(), Vec::from_iter(1..=20));
}

/// Why this file does not open, as a person reads it.
fn why_not(path: &Path) -> String {
    let error = SqliteSetupStore::open(path).unwrap_err();
    assert_eq!(error.to_string(), "the store could not open its file");
    error.source().unwrap().to_string()
}

fn a_setup(account: AccountId) -> Setup {
    conformance::a_setup(account)
}

fn said(text: &str) -> ProgressEvent {
    ProgressEvent::Output {
        step: "say".parse().unwrap(),
        attempt: 1,
        chunk: 1,
        stream: d1_core::Stream::Stdout,
        text: text.to_owned(),
    }
}
