//! The laws of [`KeyStore`].

use super::{Laws, samples::RACERS};
use crate::{KeyRing, KeyStage, KeyStore, KeyStoreError, SigningKey, Timestamp};
use std::{future::Future, sync::Arc};
use tokio::task::JoinSet;

type Port = Arc<dyn KeyStore>;

/// Checks every law of [`KeyStore`], each on a fresh one from `make`.
pub async fn key_store<F, S>(make: F)
where
    F: Fn() -> S,
    S: Future<Output = Port>,
{
    let mut laws = Laws::default();
    laws.check("a_new_store_has_no_keys", nothing(make().await)).await;
    laws.check("what_was_saved_is_loaded", loads(make().await)).await;
    laws.check("a_save_replaces_every_key", replaces(make().await)).await;
    laws.check("a_stale_save_changes_nothing", stale(make().await)).await;
    laws.check("of_racing_saves_one_wins", racing(make().await)).await;
    laws.all_hold();
}

/// Checks that the keys are still there when the same store is opened again.
///
/// `open` gives the same store every time, and is only called when no earlier one is in use.
/// It begins empty.
pub async fn key_store_durability<F, S>(open: F)
where
    F: Fn() -> S,
    S: Future<Output = Port>,
{
    let ring = KeyRing { version: 0, keys: vec![key("a", KeyStage::Active)] };
    open().await.save(&ring).await.unwrap();
    let again = open().await;
    let mut laws = Laws::default();
    laws.check("keys_outlive_the_process", async move {
        assert_eq!(again.load().await.unwrap(), KeyRing { version: 1, ..ring });
    })
    .await;
    laws.all_hold();
}

/// A key that signs nothing, told apart by its name.
fn key(id: &str, stage: KeyStage) -> SigningKey {
    let secret = [id.as_bytes(), &[0, 0xff, b'\'']].concat();
    SigningKey { id: id.to_owned(), stage, since: Timestamp(1_700_000_000_123), secret }
}

async fn nothing(store: Port) {
    assert_eq!(store.load().await.unwrap(), KeyRing::default());
}

async fn loads(store: Port) {
    use KeyStage::{Active, Next, Retired};
    let keys = vec![key("c", Retired), key("a", Active), key("b", Next)];
    let version = store.save(&KeyRing { version: 0, keys: keys.clone() }).await.unwrap();
    assert_eq!(version, 1);
    assert_eq!(store.load().await.unwrap(), KeyRing { version, keys });
}

async fn replaces(store: Port) {
    let first = KeyRing { version: 0, keys: vec![key("a", KeyStage::Active)] };
    store.save(&first).await.unwrap();
    let second = KeyRing { version: 1, keys: vec![key("b", KeyStage::Active)] };
    assert_eq!(store.save(&second).await.unwrap(), 2);
    assert_eq!(store.load().await.unwrap(), KeyRing { version: 2, ..second });
}

async fn stale(store: Port) {
    let first = KeyRing { version: 0, keys: vec![key("a", KeyStage::Active)] };
    store.save(&first).await.unwrap();
    for version in [0, 2, 7] {
        let late = KeyRing { version, keys: vec![key("z", KeyStage::Active)] };
        assert!(matches!(store.save(&late).await, Err(KeyStoreError::Stale)));
    }
    assert_eq!(store.load().await.unwrap(), KeyRing { version: 1, ..first });
}

async fn racing(store: Port) {
    let mut racers = JoinSet::new();
    for racer in 0..RACERS {
        let store = Arc::clone(&store);
        racers.spawn(async move {
            let keys = vec![key(&racer.to_string(), KeyStage::Active)];
            let saved = store.save(&KeyRing { version: 0, keys: keys.clone() }).await;
            assert!(matches!(saved, Ok(1) | Err(KeyStoreError::Stale)), "{saved:?}");
            saved.ok().map(|_| keys)
        });
    }
    let mut winners: Vec<_> = racers.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    let keys = winners.remove(0);
    assert_eq!(store.load().await.unwrap(), KeyRing { version: 1, keys });
}
