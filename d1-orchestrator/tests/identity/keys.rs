//! Keys come and go while tokens are good.

use crate::tokens::{Bench, bearer, refused};
use d1_core::{KeyRing, KeyStage, KeyStore as _, memory::MemoryKeyStore};
use d1_orchestrator::{KeyError, Keys, RefusedToken};
use std::{sync::Arc, time::Duration};

/// How long a key signs.
const MONTH: Duration = Duration::from_secs(30 * 86_400);

async fn active(keys: &Keys) -> String {
    let keys = keys.list().await.unwrap();
    keys.into_iter().find(|(_, stage)| *stage == KeyStage::Active).unwrap().0
}

#[tokio::test]
async fn a_rotation_ends_no_token_before_its_time() {
    let bench = Bench::new();
    let token = bench.tokens.issue(&bearer()).await.unwrap();
    let before = active(bench.tokens.keys()).await;
    bench.tokens.keys().rotate().await.unwrap();
    assert_ne!(active(bench.tokens.keys()).await, before);
    bench.clock.advance(Duration::from_secs(590));
    bench.tokens.verify(&token).await.unwrap();
    // A quarter of an hour later the key is gone, and what it signed long over.
    bench.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(refused(&bench, &token).await, RefusedToken::UnknownKey);
}

#[tokio::test]
async fn a_withdrawn_key_ends_its_tokens_at_once_here_and_in_half_a_minute_elsewhere() {
    let bench = Bench::new();
    let elsewhere = bench.another_server();
    let token = bench.tokens.issue(&bearer()).await.unwrap();
    elsewhere.tokens.verify(&token).await.unwrap();
    let key = active(bench.tokens.keys()).await;
    bench.tokens.keys().withdraw(&key).await.unwrap();
    assert_eq!(refused(&bench, &token).await, RefusedToken::UnknownKey);
    bench.clock.advance(Duration::from_secs(30));
    assert_eq!(refused(&elsewhere, &token).await, RefusedToken::UnknownKey);
}

#[tokio::test]
async fn what_another_server_signs_with_a_key_made_a_moment_ago_is_good_here() {
    let bench = Bench::new();
    let elsewhere = bench.another_server();
    elsewhere.tokens.keys().list().await.unwrap();
    // Twice: the second key that signs was not even published when the other one last looked.
    bench.tokens.keys().rotate().await.unwrap();
    bench.tokens.keys().rotate().await.unwrap();
    bench.clock.advance(Duration::from_secs(2));
    let token = bench.tokens.issue(&bearer()).await.unwrap();
    assert_eq!(elsewhere.tokens.verify(&token).await.unwrap(), bearer());
}

#[tokio::test]
async fn servers_that_start_together_sign_with_the_same_key() {
    let bench = Bench::new();
    let servers: Vec<_> = (0..8).map(|_| bench.another_server()).collect();
    let mut racing = tokio::task::JoinSet::new();
    for server in servers {
        racing.spawn(async move { active(server.tokens.keys()).await });
    }
    let mut names = racing.join_all().await;
    names.dedup();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[tokio::test]
async fn keys_change_by_themselves_and_the_next_one_is_published_first() {
    let bench = Bench::new();
    let first = active(bench.tokens.keys()).await;
    let published = bench.tokens.keys().jwks().await.unwrap();
    bench.clock.advance(MONTH);
    let second = active(bench.tokens.keys()).await;
    assert_ne!(second, first);
    assert!(published.contains(&second), "{published}");
}

#[tokio::test]
async fn what_is_published_is_public_and_says_how_it_is_used() {
    let bench = Bench::new();
    let text = bench.tokens.keys().jwks().await.unwrap();
    let set: serde_json::Value = serde_json::from_str(&text).unwrap();
    let keys = set["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        let mut names: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
        assert_eq!((&key["alg"], &key["use"]), (&"ES256".into(), &"sig".into()));
    }
}

#[tokio::test]
async fn a_key_that_is_not_there_cannot_be_withdrawn() {
    let bench = Bench::new();
    let error = bench.tokens.keys().withdraw("gone").await.unwrap_err();
    assert_eq!(error.to_string(), "there is no signing key `gone`; list them first");
}

#[tokio::test]
async fn a_key_that_is_none_is_told_and_nothing_is_signed() {
    let bench = Bench::new();
    let ring = bench.store.load().await.unwrap();
    assert_eq!(ring, KeyRing::default());
    let junk = d1_core::SigningKey {
        id: "junk".into(),
        stage: KeyStage::Active,
        since: d1_core::Timestamp(1),
        secret: vec![1, 2, 3],
    };
    let store = Arc::new(MemoryKeyStore::new());
    store.save(&KeyRing { version: 0, keys: vec![junk] }).await.unwrap();
    let bench = Bench::over(store);
    let error = bench.tokens.issue(&bearer()).await.unwrap_err();
    assert!(matches!(error, d1_orchestrator::TokenError::Keys(KeyError::Unusable(_))));
    bench.tokens.keys().withdraw("junk").await.unwrap();
    bench.tokens.issue(&bearer()).await.unwrap();
}

#[test]
fn no_secret_is_ever_printed() {
    let key = d1_core::SigningKey {
        id: "k".into(),
        stage: KeyStage::Next,
        since: d1_core::Timestamp(1),
        secret: vec![0xab; 4],
    };
    let printed = format!("{key:?}");
    assert!(!printed.contains("171") && !printed.contains("secret"), "{printed}");
}
