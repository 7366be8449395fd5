//! Signing in by a code (RFC 8628): what goes well, and what must not.

use crate::site::{CLIENT, Site, on_every_store, person, said};
use d1_core::{Directory as _, Role, Scope, Scopes, User};
use d1_orchestrator::{Decided, DeviceAsk, Origin};
use tokio::task::JoinSet;

#[tokio::test]
async fn a_program_is_signed_in_once_a_person_says_yes() {
    on_every_store(|site| async move {
        let codes = site.begin().await;
        assert_eq!((codes.expires_in, codes.interval), (600, 5));
        assert_eq!(site.poll(&codes.device_code).await, "authorization_pending");
        let asked = site.identity.asked(&codes.user_code).await.unwrap().unwrap();
        let origin = Origin::new("anna-laptop", "192.0.2.7", "d1-doctor/0.1");
        assert_eq!((asked.client, asked.origin), ("d1-doctor, the command line", origin));
        assert_eq!(site.approve(&codes.user_code.to_lowercase()).await, Decided::Done);
        let tokens = site.identity.collect(CLIENT, &codes.device_code, None).await.unwrap();
        assert!(tokens.refresh_token.is_some() && tokens.expires_in == 600);
        let principal = site.identity.authenticate(&tokens.access_token).await.unwrap().unwrap();
        assert_eq!((principal.user, principal.account), (site.anna.id, site.account));
        assert_eq!(principal.scopes, tokens.scopes);
        let sessions = site.identity.sessions_of(site.anna.id).await.unwrap();
        assert_eq!(sessions.len(), 1);
        assert_eq!(sessions[0].origin.device, "anna-laptop");
    })
    .await;
}

#[tokio::test]
async fn polling_too_fast_is_slowed_down_and_that_is_remembered() {
    on_every_store(|site| async move {
        let codes = site.begin().await;
        let mut told = Vec::new();
        for wait in [0, 1, 6, 15, 6, 21] {
            site.pass(wait);
            told.push(site.poll(&codes.device_code).await);
        }
        let (pending, slow) = ("authorization_pending", "slow_down");
        assert_eq!(told, [pending, slow, slow, pending, slow, pending]);
        // A yes is handed out also to whoever comes too soon.
        site.approve(&codes.user_code).await;
        assert_eq!(site.poll(&codes.device_code).await, "ok");
    })
    .await;
}

#[tokio::test]
async fn of_a_crowd_that_collects_at_once_one_is_signed_in_and_stays_so() {
    on_every_store(|site| async move {
        let codes = site.begin().await;
        site.approve(&codes.user_code).await;
        let mut crowd = JoinSet::new();
        for _ in 0..16 {
            let (site, code) = (site.clone(), codes.device_code.clone());
            crowd.spawn(async move { site.identity.collect(CLIENT, &code, None).await });
        }
        let told = crowd.join_all().await;
        let winners: Vec<_> = told.iter().filter_map(|told| told.as_ref().ok()).collect();
        assert_eq!(winners.len(), 1);
        assert!(told.iter().all(|told| matches!(said(told), "ok" | "invalid_grant")));
        assert!(site.lets_in(&winners[0].access_token).await);
    })
    .await;
}

#[tokio::test]
async fn a_code_that_is_shown_again_ends_what_came_of_it() {
    on_every_store(|site| async move {
        let codes = site.begin().await;
        site.approve(&codes.user_code).await;
        let tokens = site.identity.collect(CLIENT, &codes.device_code, None).await.unwrap();
        site.pass(5);
        assert_eq!(site.poll(&codes.device_code).await, "invalid_grant");
        assert!(!site.lets_in(&tokens.access_token).await);
        assert_eq!(said(&site.refresh(&tokens).await), "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn a_no_stays_a_no_and_the_first_decision_stands() {
    on_every_store(|site| async move {
        let codes = site.begin().await;
        let no = site.identity.decide(&site.visitor(), &codes.user_code, None).await.unwrap();
        assert_eq!(no, Decided::Done);
        assert_eq!(site.approve(&codes.user_code).await, Decided::Before);
        for _ in 0..2 {
            assert_eq!(site.poll(&codes.device_code).await, "access_denied");
        }
        let codes = site.begin().await;
        site.approve(&codes.user_code).await;
        let no = site.identity.decide(&site.visitor(), &codes.user_code, None).await.unwrap();
        assert_eq!(no, Decided::Before);
        assert_eq!(site.poll(&codes.device_code).await, "ok");
    })
    .await;
}

#[tokio::test]
async fn nobody_decides_about_what_is_over() {
    on_every_store(|site| async move {
        let codes = site.begin().await;
        site.pass(599);
        assert!(site.identity.asked(&codes.user_code).await.unwrap().is_some());
        site.pass(1);
        assert_eq!(site.identity.asked(&codes.user_code).await.unwrap(), None);
        assert_eq!(site.approve(&codes.user_code).await, Decided::Gone);
        assert_eq!(site.poll(&codes.device_code).await, "expired_token");
        // Later even that is forgotten.
        site.pass(600);
        assert_eq!(site.poll(&codes.device_code).await, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn a_code_that_nobody_was_given_tells_nothing_and_harms_nothing() {
    let site = Site::in_memory().await;
    let codes = site.begin().await;
    let long = "x".repeat(10 << 20);
    for made_up in
        ["", "x", &long, &"é".repeat(64), "\0", "../", "' OR 1=1 --", &codes.device_code[1..]]
    {
        assert_eq!(site.poll(made_up).await, "invalid_grant");
        assert_eq!(site.identity.asked(made_up).await.unwrap(), None);
        assert_eq!(site.approve(made_up).await, Decided::Gone);
    }
    // The two codes of a sign-in have nothing in common.
    let letters = codes.user_code.replace('-', "");
    for part in letters.as_bytes().windows(4) {
        assert!(!codes.device_code.contains(std::str::from_utf8(part).unwrap()));
    }
    assert_eq!(site.poll(&codes.device_code).await, "authorization_pending");
}

#[tokio::test]
async fn a_program_that_is_not_known_or_asks_for_too_much_is_refused() {
    let site = Site::in_memory().await;
    let ask = |client, scope, resource| {
        let ask = DeviceAsk { client, scope, resource, ..DeviceAsk::default() };
        let identity = site.identity.clone();
        async move { identity.begin_by_code(ask).await }
    };
    let good = "setup:read offline_access";
    for (client, scope, resource, expected) in [
        ("d1-cli", Some(good), Some(crate::tokens::AUDIENCE), "ok"),
        ("d1-evil", Some(good), None, "invalid_client"),
        ("", None, None, "invalid_client"),
        ("d1-cli", Some("everything"), None, "invalid_scope"),
        ("d1-cli", Some("setup:read\n"), None, "invalid_scope"),
        ("d1-cli", Some(" "), None, "invalid_scope"),
        ("d1-cli", Some("setup:approve"), None, "invalid_scope"),
        ("d1-cli", Some("token:write"), None, "invalid_scope"),
        ("d1-cli", Some("device:link"), None, "invalid_scope"),
        ("d1-cli", None, Some("https://evil.example"), "invalid_target"),
    ] {
        assert_eq!(said(&ask(client, scope, resource).await), expected, "{client} {scope:?}");
    }
}

#[tokio::test]
async fn a_proof_that_was_announced_has_to_be_shown_and_no_other_one() {
    let site = Site::in_memory().await;
    let (verifier, challenge) = (
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    );
    let ask = |challenge| DeviceAsk { client: CLIENT, challenge, ..DeviceAsk::default() };
    for bad in [Some((challenge, None)), Some((challenge, Some("plain"))), Some(("", Some("S256")))]
    {
        let refused = site.identity.begin_by_code(ask(bad)).await;
        assert_eq!(said(&refused), "invalid_request");
    }
    let codes = site.identity.begin_by_code(ask(Some((challenge, Some("S256"))))).await.unwrap();
    site.approve(&codes.user_code).await;
    for wrong in [None, Some(""), Some(challenge), Some(&verifier[1..])] {
        let refused = site.identity.collect(CLIENT, &codes.device_code, wrong).await;
        assert_eq!(said(&refused), "invalid_grant", "{wrong:?}");
    }
    let collected = site.identity.collect(CLIENT, &codes.device_code, Some(verifier)).await;
    assert_eq!(said(&collected), "ok");
    let without = site.begin().await;
    site.approve(&without.user_code).await;
    let refused = site.identity.collect(CLIENT, &without.device_code, Some(verifier)).await;
    assert_eq!(said(&refused), "invalid_grant");
}

#[tokio::test]
async fn nobody_says_yes_for_an_organisation_they_are_not_in() {
    let site = Site::in_memory().await;
    let (_, elsewhere) = person(&site.directory, "bert").await;
    let codes = site.begin().await;
    let decided = site.identity.decide(&site.visitor(), &codes.user_code, Some(elsewhere)).await;
    assert_eq!(decided.unwrap(), Decided::NotAMember);
    assert_eq!(site.poll(&codes.device_code).await, "authorization_pending");
}

#[tokio::test]
async fn a_token_may_no_more_than_its_person_may_at_this_moment() {
    on_every_store(|site| async move {
        let (bert, _) = person(&site.directory, "bert").await;
        site.make(Role::Owner, bert.id).await;
        let tokens = site.signed_in().await;
        let may = async |scope| {
            let principal = site.identity.authenticate(&tokens.access_token).await.unwrap();
            principal.is_some_and(|principal| principal.scopes.has(scope))
        };
        assert!(may(Scope::CreditsWrite).await);
        site.make(Role::Member, site.anna.id).await;
        assert!(!may(Scope::CreditsWrite).await && may(Scope::SetupWrite).await);
        site.make(Role::Viewer, site.anna.id).await;
        assert!(!may(Scope::SetupWrite).await && may(Scope::SetupRead).await);
        site.directory.set_role(site.account, site.anna.id, None).await.unwrap();
        assert!(!site.lets_in(&tokens.access_token).await);
        assert_eq!(said(&site.refresh(&tokens).await), "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn whoever_is_kept_out_is_out_at_once() {
    let site = Site::in_memory().await;
    let tokens = site.signed_in().await;
    let codes = site.begin().await;
    site.approve(&codes.user_code).await;
    let out = User { disabled: true, ..site.anna.clone() };
    site.directory.change_user(&out).await.unwrap();
    assert!(!site.lets_in(&tokens.access_token).await);
    assert_eq!(said(&site.refresh(&tokens).await), "invalid_grant");
    assert_eq!(site.poll(&codes.device_code).await, "invalid_grant");
}

#[tokio::test]
async fn what_may_not_stay_signed_in_does_not() {
    let site = Site::in_memory().await;
    let ask = DeviceAsk { client: CLIENT, scope: Some("setup:read"), ..DeviceAsk::default() };
    let codes = site.identity.begin_by_code(ask).await.unwrap();
    site.approve(&codes.user_code).await;
    let tokens = site.identity.collect(CLIENT, &codes.device_code, None).await.unwrap();
    assert_eq!(tokens.refresh_token, None);
    assert_eq!(tokens.scopes, Scopes::from_iter([Scope::SetupRead]));
    assert!(site.lets_in(&tokens.access_token).await);
    site.pass(605);
    assert!(!site.lets_in(&tokens.access_token).await);
    assert_eq!(site.identity.sessions_of(site.anna.id).await.unwrap(), []);
}
