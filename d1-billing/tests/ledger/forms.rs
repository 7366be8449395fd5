//! A ledger of an older form is brought into the present one with all that is in it; one of a
//! newer form, and what is no ledger, are left as they are.

use crate::{
    crashes::{commands, ledger, nothing_is_lost},
    postgres::Postgres,
    stage::clone,
};
use d1_billing::{BillingError, Ledger, PostgresBooks, SqliteBooks};
use d1_core::Supervisor;
use rusqlite::Connection;
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::path::Path;

/// The first form of SQLite's ledger, and the marks that say whose it is and of which form.
const FIRST: &str = include_str!("../../migrations/sqlite/0001_ledger.sql");
const OURS: u32 = 0x6431_6372;
/// What PostgreSQL's ledger was made of before its last step.
const EARLIER: [&str; 3] = [
    include_str!("../../migrations/postgres/0001_ledger.sql"),
    include_str!("../../migrations/postgres/0002_speed.sql"),
    include_str!("../../migrations/postgres/0003_in_place.sql"),
];

fn form(path: &Path) -> u32 {
    let db = Connection::open(path).unwrap();
    db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

fn claim(path: &Path, form: u32) {
    Connection::open(path).unwrap().pragma_update(None, "user_version", form).unwrap();
}

async fn live(ledger: &Ledger) -> Vec<usize> {
    for (key, operation) in commands() {
        ledger.apply(key, operation).await.unwrap();
    }
    (0..commands().len()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_ledger_in_sqlite_is_brought_forward_with_all_that_is_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let (new, old) = (directory.path().join("new.db"), directory.path().join("old.db"));
    drop(SqliteBooks::open(&new).unwrap());
    let present = form(&new);
    let db = Connection::open(&old).unwrap();
    db.execute_batch(FIRST).unwrap();
    db.pragma_update(None, "application_id", OURS).unwrap();
    drop(db);
    // Lived in as if it were of the present form, which differs in what is looked up by what.
    claim(&old, present);
    let answered = live(&ledger(SqliteBooks::open(&old).unwrap())).await;
    claim(&old, 1);
    nothing_is_lost(&ledger(SqliteBooks::open(&old).unwrap()), &answered, "brought forward").await;
    assert_eq!(form(&old), present);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_or_a_foreign_file_is_refused_and_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let newer = directory.path().join("newer.db");
    drop(SqliteBooks::open(&newer).unwrap());
    claim(&newer, 99);
    let foreign = directory.path().join("foreign.db");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE letters (a)").unwrap();
    for (path, words) in [(&newer, "newer version"), (&foreign, "another program")] {
        let before = std::fs::read(path).unwrap();
        let Err(BillingError::Unavailable { source, .. }) = SqliteBooks::open(path) else {
            panic!("{} was opened", path.display())
        };
        assert!(source.to_string().contains(words), "{source}");
        assert_eq!(std::fs::read(path).unwrap(), before, "{words}");
    }
}

/// A database whose ledger is of the form before the last, and says that it is of the last.
async fn earlier(server: &Postgres) -> (String, PgConnection) {
    let url = clone(server).await;
    let mut db = PgConnection::connect(&url).await.unwrap();
    drop(PostgresBooks::open(&url, &Supervisor::default()).await.unwrap());
    db.execute("CREATE TABLE kept AS TABLE d1_ledger._sqlx_migrations").await.unwrap();
    db.execute("DROP SCHEMA d1_ledger CASCADE; CREATE SCHEMA d1_ledger").await.unwrap();
    db.execute("SET search_path = d1_ledger").await.unwrap();
    for step in EARLIER {
        db.execute(step).await.unwrap();
    }
    db.execute("CREATE TABLE _sqlx_migrations AS TABLE public.kept").await.unwrap();
    db.execute("ALTER TABLE _sqlx_migrations ADD PRIMARY KEY (version)").await.unwrap();
    (url, db)
}

async fn open(url: &str) -> Ledger {
    ledger(PostgresBooks::open(url, &Supervisor::default()).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_ledger_in_postgresql_is_brought_forward_with_all_that_is_in_it() {
    let server = Postgres::shared();
    let (url, mut db) = earlier(&server).await;
    let answered = live(&open(&url).await).await;
    db.execute("DELETE FROM _sqlx_migrations WHERE version > 3").await.unwrap();
    nothing_is_lost(&open(&url).await, &answered, "brought forward").await;
    let steps: i64 = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(&mut db)
        .await
        .unwrap();
    assert!(steps > 3, "{steps}");
    let places: Option<String> = sqlx::query_scalar("SELECT to_regclass('entry_place')::text")
        .fetch_one(&mut db)
        .await
        .unwrap();
    assert_eq!(places, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_ledger_in_postgresql_is_refused() {
    let server = Postgres::shared();
    let url = clone(&server).await;
    drop(PostgresBooks::open(&url, &Supervisor::default()).await.unwrap());
    let mut db = PgConnection::connect(&url).await.unwrap();
    let next = "INSERT INTO d1_ledger._sqlx_migrations
        SELECT 99, 'of tomorrow', now(), true, ''::bytea, 0";
    db.execute(next).await.unwrap();
    let refused = PostgresBooks::open(&url, &Supervisor::default()).await.unwrap_err();
    let BillingError::Unavailable { source, .. } = refused else { panic!("{refused:?}") };
    assert!(source.to_string().contains("upgrade this program"), "{source}");
}
