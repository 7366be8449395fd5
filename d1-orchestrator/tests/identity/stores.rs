//! The SQLite file of identity sits every exam.

use d1_core::{KeyStore, SessionId, conformance};
use d1_orchestrator::SqliteIdentity;
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
