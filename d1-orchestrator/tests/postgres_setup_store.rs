//! The PostgreSQL store of setups sits the exam of its port, is shared by many processes, and
//! outlives the death of its server.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

#[expect(unreachable_pub, dead_code, reason = "other crates share it as a part of the world")]
#[path = "../../tests/world/postgres.rs"]
mod postgres;

use d1_core::{
    AccountId, DeviceId, NodeId, Page, ProgressEvent, Setup, SetupId, SetupLeases, SetupStore,
    StoreError, Timestamp,
    conformance::{self, Driving, Pass, Passing},
};
use d1_orchestrator::PostgresSetupStore;
use postgres::Postgres;
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;

const NOW: Timestamp = Timestamp(1_000);

/// The database that others are cloned from: as the server makes it.
const TEMPLATE: &str = "template1";

async fn open(url: &str) -> Arc<PostgresSetupStore> {
    Arc::new(PostgresSetupStore::open(url).await.unwrap())
}

async fn fresh(server: &Postgres) -> Arc<dyn SetupStore> {
    open(&server.clone_of(TEMPLATE)).await
}

fn a_setup(account: AccountId) -> Setup {
    conformance::a_setup(account)
}

fn said(text: &str) -> ProgressEvent {
    let (step, text) = ("say".parse().unwrap(), text.to_owned());
    ProgressEvent::Output { step, attempt: 1, chunk: 1, stream: d1_core::Stream::Stdout, text }
}

#[tokio::test]
async fn it_obeys_every_law() {
    let server = Postgres::shared();
    conformance::setup_store(|| fresh(&server)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_obeys_every_law_on_many_threads() {
    let server = Postgres::shared();
    conformance::setup_store(|| fresh(&server)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_leases_obey_every_law() {
    let server = Postgres::shared();
    let make = || async {
        let leases = open(&server.clone_of(TEMPLATE)).await;
        // The time of a real server passes by itself.
        let pass: Pass = Arc::new(|wait| {
            Box::pin(tokio::time::sleep(wait + Duration::from_millis(1))) as Passing
        });
        Driving { leases, pass }
    };
    conformance::setup_leases(make).await;
}

#[tokio::test]
async fn leases_that_have_ended_are_cleared_away_by_whoever_holds_some() {
    let server = Postgres::shared();
    let url = server.clone_of(TEMPLATE);
    let store = open(&url).await;
    let (dead, long) = (NodeId::generate(), Duration::from_secs(3_600));
    let left: Vec<_> = (0..100).map(|_| SetupId::generate()).collect();
    store.seize(dead, &left, Duration::ZERO).await.unwrap();
    // The same setup twice is one lease.
    let (node, id) = (NodeId::generate(), SetupId::generate());
    assert_eq!(store.hold(node, &[id, id], long).await.unwrap(), [id]);
    let mut count = server.client("psql");
    let sql = "SELECT count(*) FROM d1_setups.lease";
    let counted = count.args(["-d", &url, "-Atc", sql]).output().unwrap();
    assert_eq!(String::from_utf8(counted.stdout).unwrap().trim(), "1");
}

#[tokio::test]
async fn what_it_keeps_outlives_it() {
    let server = Postgres::shared();
    let url = server.clone_of(TEMPLATE);
    conformance::setup_store_durability(|| async { open(&url).await as Arc<dyn SetupStore> }).await;
}

#[tokio::test]
async fn many_processes_that_start_at_once_make_the_tables_once() {
    let server = Postgres::shared();
    let url = server.clone_of(TEMPLATE);
    let mut starting = JoinSet::new();
    for _ in 0..8 {
        let url = url.clone();
        starting.spawn(async move { open(&url).await });
    }
    let stores = starting.join_all().await;
    let setup = stores[0].create(&a_setup(AccountId::generate()), None, &[]).await.unwrap();
    assert_eq!(stores[7].get(setup.id).await.unwrap(), setup);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_processes_with_one_key_one_makes_the_setup_and_all_get_it() {
    let server = Postgres::shared();
    let url = server.clone_of(TEMPLATE);
    let first = a_setup(AccountId::generate());
    let mut racers = JoinSet::new();
    for _ in 0..16 {
        let (url, setup) = (url.clone(), Setup { id: SetupId::generate(), ..first.clone() });
        racers.spawn(async move {
            let store = open(&url).await;
            store.create(&setup, Some("key"), &[ProgressEvent::Planned]).await.unwrap().id
        });
    }
    let mut made = racers.join_all().await;
    made.sort();
    made.dedup();
    let store = open(&url).await;
    assert_eq!(made.len(), 1);
    assert_eq!(store.list(first.account, Page::default()).await.unwrap().len(), 1);
    let other = Setup { id: SetupId::generate(), device: DeviceId::generate(), ..first };
    let refused = store.create(&other, Some("key"), &[]).await;
    assert!(matches!(refused, Err(StoreError::KeyConflict(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_processes_that_save_one_version_one_does_and_news_has_no_gaps() {
    let server = Postgres::shared();
    let url = server.clone_of(TEMPLATE);
    let store = open(&url).await;
    let setup = store.create(&a_setup(AccountId::generate()), None, &[]).await.unwrap();
    let mut racers = JoinSet::new();
    for racer in 0..16_u64 {
        let (url, mut setup) = (url.clone(), Setup { epoch: racer + 1, ..setup.clone() });
        racers.spawn(async move {
            let store = open(&url).await;
            let saved = store.save(&mut setup, &[said("saved")], NOW).await;
            store.tell(setup.id, &[said("one"), said("two")], NOW).await.unwrap();
            saved.is_ok()
        });
    }
    let saved = racers.join_all().await;
    assert_eq!(saved.iter().filter(|saved| **saved).count(), 1);
    let news = store.progress(setup.id, 0, usize::MAX).await.unwrap();
    let numbers: Vec<_> = news.iter().map(|news| news.seq).collect();
    assert_eq!(numbers, (1..=33).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_server_that_dies_and_comes_back_has_lost_nothing_that_was_answered() {
    let server = Postgres::start(&[]);
    let store = open(&server.url("postgres")).await;
    let mut setup = store.create(&a_setup(AccountId::generate()), None, &[]).await.unwrap();
    store.save(&mut setup, &[said("hello")], NOW).await.unwrap();
    server.stop_at_once();
    let error = store.get(setup.id).await.unwrap_err();
    assert!(matches!(error, StoreError::Backend { .. }), "{error}");
    server.run();
    let found = loop {
        // The first connections may be those that broke.
        if let Ok(found) = store.get(setup.id).await {
            break found;
        }
    };
    assert_eq!(found, setup);
    assert_eq!(store.progress(setup.id, 0, 9).await.unwrap().len(), 1);
    store.save(&mut setup, &[], NOW).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_that_says_so() {
    let error = PostgresSetupStore::open("postgres://nobody@localhost/nothing?host=/nowhere").await;
    assert_eq!(error.unwrap_err().to_string(), "the store could not open its database");
    let error = PostgresSetupStore::open("not an address").await;
    assert_eq!(error.unwrap_err().to_string(), "the store could not open its database");
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused_and_told_as_that() {
    let server = Postgres::shared();
    let url = server.clone_of(TEMPLATE);
    drop(open(&url).await);
    let mut change = server.client("psql");
    let sql = "INSERT INTO d1_setups._sqlx_migrations \
               SELECT 99, 'of tomorrow', now(), true, '\\x', 0";
    assert!(change.args(["-q", "-d", &url, "-c", sql]).status().unwrap().success());
    let Err(StoreError::Backend { source, .. }) = PostgresSetupStore::open(&url).await else {
        panic!("it was opened")
    };
    let words = "this database was written by a newer version (form 99, known up to ";
    assert!(source.to_string().starts_with(words), "{source}");
    assert!(source.to_string().ends_with("); upgrade this program"), "{source}");
}
