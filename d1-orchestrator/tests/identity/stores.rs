//! The SQLite file of identity sits every exam, PostgreSQL those of what is known of people and
//! keys, and Redis that of sign-ins.

use crate::{postgres::Postgres, redis::Redis};
use d1_core::{Directory, EnrolmentStore, KeyStore, SessionId, SessionStore, conformance};
use d1_orchestrator::{PostgresIdentity, RedisSessions, SqliteIdentity};
use std::{path::Path, sync::Arc};

/// A store in a file that was not there before.
fn fresh(folder: &Path) -> SqliteIdentity {
    SqliteIdentity::open(&folder.join(SessionId::generate().to_string())).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_obeys_every_law_of_a_store_of_keys() {
    let folder = tempfile::tempdir().unwrap();
    conformance::key_store(|| async { Arc::new(fresh(folder.path())) as Arc<dyn KeyStore> }).await;
}

#[tokio::test]
async fn keys_in_sqlite_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identity.db");
    let open = || async { Arc::new(SqliteIdentity::open(&path).unwrap()) as Arc<dyn KeyStore> };
    conformance::key_store_durability(open).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_obeys_every_law_of_a_directory() {
    let folder = tempfile::tempdir().unwrap();
    conformance::directory(|| async { Arc::new(fresh(folder.path())) as Arc<dyn Directory> }).await;
}

#[tokio::test]
async fn people_in_sqlite_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identity.db");
    let open = || async { Arc::new(SqliteIdentity::open(&path).unwrap()) as Arc<dyn Directory> };
    conformance::directory_durability(open).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_obeys_every_law_of_a_store_of_sign_ins() {
    let folder = tempfile::tempdir().unwrap();
    let make = || async { Arc::new(fresh(folder.path())) as Arc<dyn SessionStore> };
    conformance::session_store(make).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_obeys_every_law_of_a_store_of_sign_ins() {
    let redis = Redis::start();
    let make = || async {
        assert_eq!(redis.ask(&["FLUSHALL"]), "OK");
        Arc::new(RedisSessions::open(&redis.url()).unwrap()) as Arc<dyn SessionStore>
    };
    conformance::session_store(make).await;
}

async fn shared(url: &str) -> Arc<PostgresIdentity> {
    Arc::new(PostgresIdentity::open(url).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_obeys_every_law_of_a_store_of_keys() {
    let server = Postgres::shared();
    let make = || async { shared(&server.clone_of("template1")).await as Arc<dyn KeyStore> };
    conformance::key_store(make).await;
    let url = server.clone_of("template1");
    conformance::key_store_durability(|| async { shared(&url).await as Arc<dyn KeyStore> }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_obeys_every_law_of_a_directory() {
    let server = Postgres::shared();
    let make = || async { shared(&server.clone_of("template1")).await as Arc<dyn Directory> };
    conformance::directory(make).await;
    let url = server.clone_of("template1");
    conformance::directory_durability(|| async { shared(&url).await as Arc<dyn Directory> }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_obeys_every_law_of_a_store_of_enrolments() {
    let folder = tempfile::tempdir().unwrap();
    let make = || async { Arc::new(fresh(folder.path())) as Arc<dyn EnrolmentStore> };
    conformance::enrolment_store(make).await;
    let path = folder.path().join("identity.db");
    let open =
        || async { Arc::new(SqliteIdentity::open(&path).unwrap()) as Arc<dyn EnrolmentStore> };
    conformance::enrolment_store_durability(open).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_obeys_every_law_of_a_store_of_enrolments() {
    let server = Postgres::shared();
    let make = || async { shared(&server.clone_of("template1")).await as Arc<dyn EnrolmentStore> };
    conformance::enrolment_store(make).await;
    let url = server.clone_of("template1");
    let open = || async { shared(&url).await as Arc<dyn EnrolmentStore> };
    conformance::enrolment_store_durability(open).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_authorities_obey_every_law_of_a_store_of_keys() {
    let folder = tempfile::tempdir().unwrap();
    let file = || async { Arc::new(fresh(folder.path()).authority_keys()) as Arc<dyn KeyStore> };
    conformance::key_store(file).await;
    let server = Postgres::shared();
    let make = || async {
        let shared = shared(&server.clone_of("template1")).await;
        Arc::new(shared.authority_keys()) as Arc<dyn KeyStore>
    };
    conformance::key_store(make).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_orders_obey_every_law_of_a_store_of_keys() {
    let folder = tempfile::tempdir().unwrap();
    let file = || async { Arc::new(fresh(folder.path()).order_keys()) as Arc<dyn KeyStore> };
    conformance::key_store(file).await;
    let path = folder.path().join("lasting.db");
    let open = || async {
        Arc::new(SqliteIdentity::open(&path).unwrap().order_keys()) as Arc<dyn KeyStore>
    };
    conformance::key_store_durability(open).await;
    let server = Postgres::shared();
    let make = || async {
        let shared = shared(&server.clone_of("template1")).await;
        Arc::new(shared.order_keys()) as Arc<dyn KeyStore>
    };
    conformance::key_store(make).await;
}

#[tokio::test]
async fn keys_of_authorities_and_of_tokens_are_kept_apart() {
    let folder = tempfile::tempdir().unwrap();
    let store = fresh(folder.path());
    let key = |id: &str| d1_core::SigningKey {
        id: id.to_owned(),
        stage: d1_core::KeyStage::Active,
        since: d1_core::Timestamp(1),
        secret: vec![1],
    };
    let ring = |id| d1_core::KeyRing { version: 0, keys: vec![key(id)] };
    KeyStore::save(&store, &ring("token")).await.unwrap();
    store.authority_keys().save(&ring("authority")).await.unwrap();
    store.order_keys().save(&ring("orders")).await.unwrap();
    assert_eq!(KeyStore::load(&store).await.unwrap().keys, [key("token")]);
    assert_eq!(store.authority_keys().load().await.unwrap().keys, [key("authority")]);
    assert_eq!(store.order_keys().load().await.unwrap().keys, [key("orders")]);
}

#[tokio::test]
async fn whoever_writes_to_either_store_a_generation_never_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identity.db");
    let _store = SqliteIdentity::open(&path).unwrap();
    let intruder = rusqlite::Connection::open(&path).unwrap();
    let row = "('d', 'a', 'active', 1, x'01', 1, 2, 's', 'k', x'01', 1, NULL, 0, 1)";
    intruder.execute(&format!("INSERT INTO enrolments VALUES {row}"), []).unwrap();
    let attack = "UPDATE enrolments SET generation = 1";
    let error = intruder.execute(attack, []).unwrap_err().to_string();
    assert_eq!(error, "a generation never goes back");
    let server = Postgres::shared();
    let url = server.clone_of("template1");
    let _store = shared(&url).await;
    let id = "'00000000-0000-4000-8000-000000000001'";
    let row = row.replace("'d', 'a'", &format!("{id}, {id}")).replace("x'01'", "'x'");
    let attack = format!(
        "INSERT INTO d1_identity.enrolment VALUES {row}; UPDATE d1_identity.enrolment SET generation = 1"
    );
    let ran = server.client("psql").args(["-d", &url, "-c", &attack]).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(said.contains("a generation never goes back"), "{said}");
}

#[tokio::test]
async fn whoever_writes_to_the_database_the_last_owner_stays() {
    let server = Postgres::shared();
    let url = server.clone_of("template1");
    let store = shared(&url).await;
    let (user, home) = somebody();
    store.add_user(&user, &home).await.unwrap();
    for attack in
        ["DELETE FROM d1_identity.member", "UPDATE d1_identity.member SET role = 'viewer'"]
    {
        let mut intruder = server.client("psql");
        let ran = intruder.args(["-d", &url, "-c", attack]).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(said.contains("the last owner"), "{attack}: {said}");
    }
    assert_eq!(store.role(home.account, user.id).await.unwrap(), Some(d1_core::Role::Owner));
}

fn somebody() -> (d1_core::User, d1_core::Organisation) {
    let (id, account) = (d1_core::UserId::generate(), d1_core::AccountId::generate());
    let created = d1_core::Timestamp(1);
    let user = d1_core::User {
        id,
        login: "anna".parse().unwrap(),
        password: None,
        disabled: false,
        created,
    };
    let home = d1_core::Organisation { account, name: "anna".into(), created };
    (user, home)
}

#[tokio::test]
async fn whoever_writes_to_the_file_the_last_owner_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identity.db");
    let store = SqliteIdentity::open(&path).unwrap();
    let (user, home) = somebody();
    store.add_user(&user, &home).await.unwrap();
    let intruder = rusqlite::Connection::open(&path).unwrap();
    for attack in ["DELETE FROM members", "UPDATE members SET role = 'viewer'"] {
        let error = intruder.execute(attack, []).unwrap_err().to_string();
        assert_eq!(error, "the last owner", "{attack}");
    }
}

#[tokio::test]
async fn sign_ins_in_redis_expire_by_themselves_and_leave_nothing() {
    let redis = Redis::start();
    let store = RedisSessions::open(&redis.url()).unwrap();
    let now = d1_core::Timestamp(1_700_000_000_000);
    let owner = d1_core::UserId::generate();
    let mut record = d1_core::Record {
        kind: d1_core::RecordKind::Session,
        key: d1_core::Digest::of(b"key"),
        names: vec![d1_core::Digest::of(b"name")],
        owner: Some(owner),
        ends: d1_core::Timestamp(now.0 + 3_600_000),
        version: 1,
        body: "{}".into(),
    };
    store.create(&record, now).await.unwrap();
    // A millisecond of life is left to it.
    record.ends = d1_core::Timestamp(now.0 + 1);
    store.save(&record, now).await.unwrap();
    let left = || redis.ask(&["KEYS", "*session:*"]);
    while left().lines().any(|key| !key.contains("owner")) {
        tokio::task::yield_now().await;
    }
    // Its owner's list forgets it when it is next looked at.
    assert_eq!(store.owned(record.kind, owner, now).await.unwrap(), []);
    assert_eq!(left(), "");
}

#[tokio::test]
async fn while_redis_does_not_answer_nobody_is_believed_and_afterwards_all_is_well() {
    let mut redis = Redis::start();
    let store = RedisSessions::open(&redis.url()).unwrap();
    let (now, name) = (d1_core::Timestamp(1), d1_core::Digest::of(b"name"));
    let look = || store.find(d1_core::RecordKind::Session, &name, now);
    assert_eq!(look().await.unwrap(), None);
    redis.pause();
    assert!(matches!(look().await, Err(d1_core::SessionError::Backend { .. })));
    redis.go_on();
    // The connection that was given up is made anew.
    while look().await.is_err() {}
    redis.kill();
    assert!(matches!(look().await, Err(d1_core::SessionError::Backend { .. })));
    redis.run();
    while look().await.is_err() {}
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_with_the_keys_is_private_to_its_owner() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state").join("identity.db");
    let _open = SqliteIdentity::open(&path).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
}

#[test]
fn a_file_of_setups_is_not_taken_for_one_of_identity() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cloud.db");
    drop(d1_orchestrator::SqliteSetupStore::open(&path).unwrap());
    let error = SqliteIdentity::open(&path).unwrap_err().to_string();
    assert!(error.contains("belongs to another program"), "{error}");
}
