//! Tokens that people make for programs of theirs.

use crate::site::{Site, on_every_store, person, said};
use d1_core::{Directory as _, Role, Scope};
use d1_orchestrator::NewToken;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

fn wish(site: &Site, scopes: &str) -> NewToken {
    NewToken {
        user: site.anna.id,
        account: site.account,
        name: "build server".into(),
        scopes: scopes.parse().unwrap(),
        life: 30 * DAY,
    }
}

#[tokio::test]
async fn a_token_lets_in_for_what_it_was_made_until_it_ends_or_is_taken_back() {
    on_every_store(|site| async move {
        let (note, token) =
            site.identity.make_token(wish(&site, "setup:read device:link")).await.unwrap();
        assert!(token.starts_with("d1pat_"), "{token}");
        let principal = site.identity.authenticate(&token).await.unwrap().unwrap();
        assert!(principal.is_personal && principal.user == site.anna.id);
        assert_eq!(principal.scopes.to_string(), "setup:read device:link");
        assert_eq!(
            site.identity.tokens_of(site.anna.id).await.unwrap(),
            std::slice::from_ref(&note)
        );
        let (bert, _) = person(&site.directory, "bert").await;
        site.identity.take_token_back(bert.id, note.id).await.unwrap();
        assert!(site.lets_in(&token).await);
        site.identity.take_token_back(site.anna.id, note.id).await.unwrap();
        assert!(!site.lets_in(&token).await);
        let (_, token) = site.identity.make_token(wish(&site, "setup:read")).await.unwrap();
        site.pass(30 * 86_400);
        assert!(!site.lets_in(&token).await);
    })
    .await;
}

#[tokio::test]
async fn a_token_never_says_yes_makes_others_or_may_more_than_its_person() {
    let site = Site::in_memory().await;
    for scope in ["setup:approve", "token:write", "offline_access", ""] {
        let refused = site.identity.make_token(wish(&site, scope)).await;
        assert_eq!(said(&refused), "invalid_scope", "{scope}");
    }
    let (bert, _) = person(&site.directory, "bert").await;
    site.make(Role::Viewer, bert.id).await;
    let berts = NewToken { user: bert.id, ..wish(&site, "setup:write") };
    assert_eq!(said(&site.identity.make_token(berts).await), "invalid_scope");
    let (_, stranger) = person(&site.directory, "zoe").await;
    let elsewhere = NewToken { account: stranger, ..wish(&site, "setup:read") };
    assert_eq!(said(&site.identity.make_token(elsewhere).await), "access_denied");
    // Made by an owner, it shrinks with them.
    site.make(Role::Owner, bert.id).await;
    let (_, token) = site.identity.make_token(wish(&site, "setup:write setup:read")).await.unwrap();
    site.make(Role::Viewer, site.anna.id).await;
    let principal = site.identity.authenticate(&token).await.unwrap().unwrap();
    assert!(!principal.scopes.has(Scope::SetupWrite) && principal.scopes.has(Scope::SetupRead));
    site.directory.set_role(site.account, site.anna.id, None).await.unwrap();
    assert!(!site.lets_in(&token).await);
}

#[tokio::test]
async fn a_token_is_good_for_a_year_at_most_and_has_a_name() {
    let site = Site::in_memory().await;
    for life in [Duration::ZERO, 365 * DAY + Duration::from_secs(1), Duration::MAX] {
        let refused = site.identity.make_token(NewToken { life, ..wish(&site, "setup:read") });
        assert_eq!(said(&refused.await), "invalid_request", "{life:?}");
    }
    for name in [String::new(), "x".repeat(65)] {
        let refused = site.identity.make_token(NewToken { name, ..wish(&site, "setup:read") });
        assert_eq!(said(&refused.await), "invalid_request");
    }
    for _ in 0..100 {
        site.identity.make_token(wish(&site, "setup:read")).await.unwrap();
    }
    let one_more = site.identity.make_token(wish(&site, "setup:read")).await;
    assert_eq!(said(&one_more), "invalid_request");
}
