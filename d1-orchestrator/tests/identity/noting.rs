//! Who was let in, who was not, and who ended it, is on record; and what cannot be written down
//! lets nobody in.

use crate::{
    site::{CLIENT, PASSWORD, Site, on_every_store, said},
    tokens::{AUDIENCE, ISSUER},
};
use d1_core::{
    AuditEntry, AuditError, AuditLine, AuditLog, Directory as _, Scopes, SignedHead, Timestamp,
    User,
    memory::{MemoryKeyStore, MemorySessionStore},
};
use d1_orchestrator::{AccessTokens, Decided, Identity, IdentityParts, Keys, NewToken};
use std::{sync::Arc, time::Duration};

/// What was written down since the last time: the kind, and this of what it is about.
async fn noted(site: &Site, from: usize, name: &str) -> Vec<(String, String)> {
    let all = site.noted().await.into_iter().skip(from);
    all.map(|(kind, about)| (kind, about.get(name).cloned().unwrap_or_default())).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(kind, value)| ((*kind).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn a_sign_in_is_on_record_from_the_yes_to_its_end() {
    on_every_store(|site| async move {
        let begun = site.noted().await.len();
        let tokens = site.signed_in().await;
        let no = site.begin().await;
        site.identity.decide(&site.visitor(), &no.user_code, None).await.unwrap();
        // What is decided is no news.
        site.approve(&no.user_code).await;
        let refresh = tokens.refresh_token.as_deref().unwrap();
        site.identity.revoke(CLIENT, refresh).await.unwrap();
        let user = site.anna.id.to_string();
        let all = ["program.decided", "sign_in.began", "program.decided", "sign_in.ended"];
        let expected = all.map(|kind| (kind.to_owned(), user.clone()));
        assert_eq!(noted(&site, begun, "user").await, expected);
        let decided = [("program.decided", "yes"), ("sign_in.began", "")];
        let rest = [("program.decided", "no"), ("sign_in.ended", "")];
        assert_eq!(noted(&site, begun, "decision").await, pairs(&[decided, rest].concat()));
    })
    .await;
}

#[tokio::test]
async fn what_two_have_had_is_on_record_with_what_became_of_it() {
    on_every_store(|site| async move {
        let first = site.signed_in().await;
        let second = site.refresh(&first).await.unwrap();
        assert!(site.lets_in(&second.access_token).await);
        let begun = site.noted().await.len();
        assert_eq!(said(&site.refresh(&first).await), "invalid_grant");
        let why = "a refresh token of it was used twice";
        assert_eq!(noted(&site, begun, "why").await, pairs(&[("sign_in.ended", why)]));
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_is_on_record_without_what_was_typed() {
    on_every_store(|site| async move {
        let password = Some(site.identity.passwords().hash(PASSWORD).await.unwrap());
        site.directory.change_user(&User { password, ..site.anna.clone() }).await.unwrap();
        let begun = site.noted().await.len();
        for (name, password) in [("anna", "guess-guess"), ("guess-guess", "x"), ("anna", PASSWORD)]
        {
            site.identity.sign_in(name, password).await.unwrap();
        }
        let anna = site.anna.id.to_string();
        let refused = "sign_in.refused";
        let expected = [(refused, anna.as_str()), (refused, ""), ("sign_in.began", &anna)];
        assert_eq!(noted(&site, begun, "user").await, pairs(&expected));
        let said = format!("{:?}", site.noted().await);
        assert!(!said.contains("guess"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn tokens_for_programs_are_on_record_when_they_are_made_and_taken_back() {
    on_every_store(|site| async move {
        let begun = site.noted().await.len();
        let new = NewToken {
            user: site.anna.id,
            account: site.account,
            name: "backup".to_owned(),
            scopes: "setup:read".parse::<Scopes>().unwrap(),
            life: Duration::from_secs(60),
        };
        let (token, secret) = site.identity.make_token(new).await.unwrap();
        site.identity.take_token_back(site.anna.id, token.id).await.unwrap();
        let expected = [("personal.token", "made"), ("personal.token", "taken back")];
        assert_eq!(noted(&site, begun, "change").await, pairs(&expected));
        assert!(!format!("{:?}", site.noted().await).contains(&secret));
    })
    .await;
}

/// A log that cannot be written.
#[derive(Debug)]
struct Full;

fn full() -> AuditError {
    AuditError::Backend { doing: "be written", source: "the disk is full".into() }
}

#[async_trait::async_trait]
impl AuditLog for Full {
    async fn append(&self, _: AuditEntry, _: Timestamp) -> Result<u64, AuditError> {
        Err(full())
    }

    async fn head(&self, _: Timestamp) -> Result<SignedHead, AuditError> {
        Err(full())
    }

    async fn lines(&self, _: u64, _: usize) -> Result<Vec<AuditLine>, AuditError> {
        Err(full())
    }
}

#[tokio::test]
async fn nobody_is_let_in_while_that_cannot_be_written_down() {
    let site = Site::in_memory().await;
    let password = Some(site.identity.passwords().hash(PASSWORD).await.unwrap());
    site.directory.change_user(&User { password, ..site.anna.clone() }).await.unwrap();
    let keys = Keys::new(Arc::new(MemoryKeyStore::new()), site.clock.clone());
    let tokens = AccessTokens::new(ISSUER.into(), AUDIENCE.into(), keys, site.clock.clone());
    let identity = Identity::new(IdentityParts {
        directory: site.directory.clone(),
        sessions: Arc::new(MemorySessionStore::new()),
        tokens,
        audit: Arc::new(Full),
        clock: site.clock.clone(),
    });
    let blind = Site { identity: identity.unwrap(), ..site };
    assert_eq!(said(&blind.identity.sign_in("anna", PASSWORD).await), "temporarily_unavailable");
    let codes = blind.begin().await;
    let yes = blind.identity.decide(&blind.visitor(), &codes.user_code, Some(blind.account)).await;
    assert_eq!(
        yes.as_ref().map_err(d1_orchestrator::SignInError::code),
        Err("temporarily_unavailable")
    );
    assert_eq!(blind.poll(&codes.device_code).await, "authorization_pending");
    // Whoever is refused stays refused.
    assert!(blind.identity.sign_in("anna", "guess-guess").await.unwrap().is_none());
    assert_ne!(yes.ok(), Some(Decided::Done));
}
