//! A process that dies at any moment around a write leaves exactly what was written.
//!
//! Each fault point gets a process of its own (this test again, as a child), which keeps
//! a setup until it dies there. A store in memory that has kept as much of it says what
//! must be in the file.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use d1_core::{
    AccountId, DeviceId, Page, ProgressEvent, Setup, SetupEvent, SetupId, SetupStore, Timestamp,
    conformance, fault, memory::MemorySetupStore,
};
use d1_orchestrator::{SqliteSetupStore, fault::POINTS};
use std::{
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Command, ExitStatus},
};

/// Tells the child where its store is.
const PATH: &str = "D1_TEST_SETUPS";

const SIGABRT: i32 = 6;

/// One write for each pair of fault points, in their order.
const DEEDS: [&str; 3] = ["create", "save", "tell"];

#[tokio::test]
async fn a_life_that_may_end() {
    if let Some(path) = std::env::var_os(PATH) {
        live(&SqliteSetupStore::open(Path::new(&path)).unwrap(), DEEDS.len()).await;
    }
}

#[tokio::test]
async fn at_every_point_what_was_written_is_there_and_nothing_else() {
    assert_eq!(POINTS.len(), 2 * DEEDS.len());
    for (index, point) in POINTS.iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("setups.db");
        assert_eq!(child(&path, point).signal(), Some(SIGABRT), "{point}");

        // After the first half of a pair nothing of its deed is there, after the second all.
        let expected = MemorySetupStore::new();
        live(&expected, index.div_ceil(2)).await;
        let found = SqliteSetupStore::open(&path).unwrap();
        assert_eq!(seen(&found).await, seen(&expected).await, "{point}");
        // And life goes on: the same request again finds or makes the one setup.
        assert_eq!(create(&found).await, create(&expected).await, "{point}");
        assert_eq!(seen(&found).await, seen(&expected).await, "{point}");
    }
}

#[test]
fn a_life_without_a_fault_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    assert!(child(&folder.path().join("setups.db"), "no.such.point").success());
}

/// Lives in another process, which is to die at `point`, without leaving a core dump.
fn child(path: &Path, point: &str) -> ExitStatus {
    let myself = std::env::current_exe().unwrap();
    Command::new("sh")
        .args(["-c", r#"ulimit -c 0; exec "$0" --exact a_life_that_may_end >/dev/null 2>&1"#])
        .arg(myself)
        .env(PATH, path)
        .env(fault::VARIABLE, point)
        .status()
        .unwrap()
}

/// The first `count` deeds.
async fn live(store: &dyn SetupStore, count: usize) {
    for deed in &DEEDS[..count] {
        act(store, deed).await;
    }
}

async fn act(store: &dyn SetupStore, deed: &str) {
    let id = a_setup().id;
    match deed {
        "create" => drop(create(store).await),
        "save" => {
            let mut setup = store.get(id).await.unwrap();
            setup.on(SetupEvent::Approve, Timestamp(5)).unwrap();
            store.save(&mut setup, &[ProgressEvent::Approved], Timestamp(5)).await.unwrap();
        }
        "tell" => store.tell(id, &[ProgressEvent::LinkLost], Timestamp(6)).await.unwrap(),
        other => panic!("{other} is no deed"),
    }
}

async fn create(store: &dyn SetupStore) -> Setup {
    store.create(&a_setup(), Some("key"), &[ProgressEvent::Planned]).await.unwrap()
}

/// Everything that can be known of it.
async fn seen(store: &dyn SetupStore) -> String {
    let setup = a_setup();
    format!(
        "{:?}\n{:?}\n{:?}",
        store.list(setup.account, Page::default()).await.unwrap(),
        store.unfinished().await.unwrap(),
        store.progress(setup.id, 0, 99).await.map_err(|error| error.to_string()),
    )
}

/// The same setup in every process.
fn a_setup() -> Setup {
    let (id, account) = (SetupId::from_bytes([7; 16]), AccountId::from_bytes([8; 16]));
    let (plan, device) = (conformance::a_setup(account).plan, DeviceId::from_bytes([9; 16]));
    Setup::new(id, account, device, plan, Timestamp(1))
}
