//! A person in a browser: their password, their forms, and programs on the same machine.

use crate::site::{CLIENT, PASSWORD, Site, on_every_store, person, said};
use d1_core::{Directory as _, Scope, User};
use d1_orchestrator::Origin;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const ANSWER_AT: &str = "http://127.0.0.1:4567/callback";

async fn give_password(site: &Site) {
    let password = Some(site.identity.passwords().hash(PASSWORD).await.unwrap());
    site.directory.change_user(&User { password, ..site.anna.clone() }).await.unwrap();
}

/// The code that a program is sent after Anna's yes.
async fn let_in(site: &Site, scope: &str) -> String {
    let ask = site.identity.browser_ask(
        (CLIENT, ANSWER_AT),
        Some(scope),
        None,
        (CHALLENGE, Some("S256")),
        Origin::default(),
    );
    site.identity.let_in(&site.visitor(), ask.unwrap(), site.account).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_person_signs_in_with_their_password_alone_for_half_an_hour() {
    on_every_store(|site| async move {
        give_password(&site).await;
        person(&site.directory, "bert").await;
        for (name, password) in [
            ("anna", "correct horse batter"),
            ("anna", ""),
            ("bert", PASSWORD),
            ("zoe", PASSWORD),
            ("' OR 1=1 --", PASSWORD),
            ("anna", &"x".repeat(5_000)),
        ] {
            assert_eq!(site.identity.sign_in(name, password).await.unwrap(), None, "{name}");
        }
        let kept = site.identity.sign_in("Anna", PASSWORD).await.unwrap().unwrap();
        let visitor = site.identity.visitor(&kept).await.unwrap().unwrap();
        assert_eq!((visitor.user, visitor.login.as_str()), (site.anna.id, "anna"));
        assert_eq!(visitor.organisations, [(site.account, "anna".to_owned())]);
        let again = site.identity.sign_in("anna", PASSWORD).await.unwrap().unwrap();
        assert_ne!(kept, again);
        site.identity.sign_out(&again).await.unwrap();
        assert_eq!(site.identity.visitor(&again).await.unwrap(), None);
        site.pass(30 * 60);
        assert_eq!(site.identity.visitor(&kept).await.unwrap(), None);
        assert_eq!(site.identity.visitor("d1v_made-up").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn whoever_is_kept_out_is_out_of_the_pages_too() {
    let site = Site::in_memory().await;
    give_password(&site).await;
    let kept = site.identity.sign_in("anna", PASSWORD).await.unwrap().unwrap();
    let anna = site.directory.user(site.anna.id).await.unwrap().unwrap();
    site.directory.change_user(&User { disabled: true, ..anna }).await.unwrap();
    assert_eq!(site.identity.visitor(&kept).await.unwrap(), None);
    assert_eq!(site.identity.sign_in("anna", PASSWORD).await.unwrap(), None);
}

#[tokio::test]
async fn a_form_is_of_one_browser() {
    let site = Site::in_memory().await;
    let (mine, theirs) =
        (site.identity.new_form_secret().unwrap(), site.identity.new_form_secret().unwrap());
    let token = site.identity.form_token(&mine).unwrap();
    assert!(site.identity.is_our_form(&mine, &token));
    assert!(!site.identity.is_our_form(&theirs, &token));
    assert!(!site.identity.is_our_form(&mine, ""));
    assert!(!site.identity.is_our_form("", ""));
    assert!(!mine.contains(&token));
}

#[tokio::test]
async fn a_program_on_the_same_machine_is_let_in_by_a_browser_and_may_more() {
    on_every_store(|site| async move {
        let code = let_in(&site, "setup:approve token:write offline_access").await;
        let tokens = site.identity.exchange(CLIENT, &code, ANSWER_AT, VERIFIER).await.unwrap();
        let principal = site.identity.authenticate(&tokens.access_token).await.unwrap().unwrap();
        assert!(principal.scopes.has(Scope::SetupApprove));
        assert!(tokens.refresh_token.is_some());
        // The code is good once, and shown again it ends what came of it.
        site.pass(5);
        let again = site.identity.exchange(CLIENT, &code, ANSWER_AT, VERIFIER).await;
        assert_eq!(said(&again), "invalid_grant");
        assert!(!site.lets_in(&tokens.access_token).await);
    })
    .await;
}

#[tokio::test]
async fn the_code_is_of_no_use_to_anybody_else() {
    let site = Site::in_memory().await;
    let code = let_in(&site, "setup:read").await;
    for (client, answer_at, verifier, expected) in [
        ("d1-evil", ANSWER_AT, VERIFIER, "invalid_client"),
        (CLIENT, "http://127.0.0.1:4568/callback", VERIFIER, "invalid_grant"),
        (CLIENT, "http://127.0.0.1:4567/callback/", VERIFIER, "invalid_grant"),
        (CLIENT, ANSWER_AT, "", "invalid_grant"),
        (CLIENT, ANSWER_AT, CHALLENGE, "invalid_grant"),
        (CLIENT, ANSWER_AT, &VERIFIER[1..], "invalid_grant"),
    ] {
        let refused = site.identity.exchange(client, &code, answer_at, verifier).await;
        assert_eq!(said(&refused), expected, "{client} {answer_at}");
    }
    // It is no device code, either, and a device code is none of these.
    assert_eq!(site.poll(&code).await, "invalid_grant");
    let codes = site.begin().await;
    site.approve(&codes.user_code).await;
    let crossed = site.identity.exchange(CLIENT, &codes.device_code, ANSWER_AT, VERIFIER).await;
    assert_eq!(said(&crossed), "invalid_grant");
    let taken = site.identity.exchange(CLIENT, &code, ANSWER_AT, VERIFIER).await;
    assert_eq!(said(&taken), "ok");
    let late = let_in(&site, "setup:read").await;
    site.pass(60);
    let late = site.identity.exchange(CLIENT, &late, ANSWER_AT, VERIFIER).await;
    assert_eq!(said(&late), "expired_token");
}

#[tokio::test]
async fn nobody_is_sent_anywhere_else() {
    let site = Site::in_memory().await;
    assert!(site.identity.may_answer(CLIENT, ANSWER_AT));
    for (client, answer_at) in
        [("d1-evil", ANSWER_AT), (CLIENT, "https://evil.example/callback"), (CLIENT, "")]
    {
        assert!(!site.identity.may_answer(client, answer_at));
        let origin = Origin::default();
        let proof = (CHALLENGE, Some("S256"));
        let refused = site.identity.browser_ask((client, answer_at), None, None, proof, origin);
        assert_eq!(said(&refused), "invalid_client");
    }
    let plain = (CHALLENGE, Some("plain"));
    let refused =
        site.identity.browser_ask((CLIENT, ANSWER_AT), None, None, plain, Origin::default());
    assert_eq!(said(&refused), "invalid_request");
}
