//! Staying signed in, and ending that.

use crate::site::{CLIENT, Site, on_every_store, said};
use d1_orchestrator::TokenAnswer;
use tokio::task::JoinSet;

#[tokio::test]
async fn each_refresh_token_is_good_once_and_a_used_one_ends_everything() {
    on_every_store(|site| async move {
        let first = site.signed_in().await;
        site.pass(600);
        let second = site.refresh(&first).await.unwrap();
        assert!(site.lets_in(&second.access_token).await);
        // The thief comes with the first one, or the person does; nobody can tell.
        assert_eq!(said(&site.refresh(&first).await), "invalid_grant");
        assert_eq!(said(&site.refresh(&second).await), "invalid_grant");
        assert!(!site.lets_in(&second.access_token).await);
        assert_eq!(site.identity.sessions_of(site.anna.id).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn a_lost_answer_is_given_again_for_a_minute_while_nothing_was_done_with_it() {
    on_every_store(|site| async move {
        let first = site.signed_in().await;
        let lost = site.refresh(&first).await.unwrap();
        site.pass(59);
        let again = site.refresh(&first).await.unwrap();
        assert_ne!(again, lost);
        assert!(site.lets_in(&again.access_token).await);
        // It arrived: from now on the first one is a stolen one.
        assert_eq!(said(&site.refresh(&first).await), "invalid_grant");
        assert!(!site.lets_in(&again.access_token).await);

        let first = site.signed_in().await;
        site.refresh(&first).await.unwrap();
        site.pass(60);
        assert_eq!(said(&site.refresh(&first).await), "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn of_many_who_refresh_at_once_one_goes_on() {
    on_every_store(|site| async move {
        let first = site.signed_in().await;
        let mut crowd = JoinSet::new();
        for _ in 0..16 {
            let (site, first) = (site.clone(), first.clone());
            crowd.spawn(async move { site.refresh(&first).await });
        }
        let next: Vec<TokenAnswer> =
            crowd.join_all().await.into_iter().filter_map(Result::ok).collect();
        // However many got an answer, the next refresh token of only one of them is good.
        let mut good = 0;
        for answer in &next {
            let mut family = site.identity.sessions_of(site.anna.id).await.unwrap();
            if family.pop().is_some() && site.refresh(answer).await.is_ok() {
                good += 1;
            }
        }
        assert!(good <= 1, "{good} of {} went on", next.len());
    })
    .await;
}

#[tokio::test]
async fn less_can_be_asked_for_and_more_cannot() {
    let site = Site::in_memory().await;
    let tokens = site.signed_in().await;
    let token = tokens.refresh_token.unwrap();
    let ask = |scope, resource| site.identity.refresh(CLIENT, &token, scope, resource);
    for more in ["setup:read token:write", "setup:approve", "root", " "] {
        assert_eq!(said(&ask(Some(more), None).await), "invalid_scope", "{more:?}");
    }
    assert_eq!(said(&ask(None, Some("https://evil.example")).await), "invalid_target");
    let other = site.identity.refresh("d1-evil", &token, None, None).await;
    assert_eq!(said(&other), "invalid_client");
    // None of that used the token up.
    let less = ask(Some("setup:read"), Some(crate::tokens::AUDIENCE)).await.unwrap();
    assert_eq!(less.scopes.to_string(), "setup:read");
    let principal = site.identity.authenticate(&less.access_token).await.unwrap().unwrap();
    assert_eq!(principal.scopes.to_string(), "setup:read");
    // What was granted stays granted.
    let all = site.refresh(&less).await.unwrap();
    assert_eq!(all.scopes, tokens.scopes);
}

#[tokio::test]
async fn a_sign_in_that_is_not_used_for_a_month_is_over() {
    on_every_store(|site| async move {
        const DAY: u64 = 86_400;
        let mut tokens = site.signed_in().await;
        for _ in 0..3 {
            site.pass(29 * DAY);
            tokens = site.refresh(&tokens).await.unwrap();
        }
        // Three months are the most, however much it is used.
        site.pass(3 * DAY);
        assert_eq!(said(&site.refresh(&tokens).await), "invalid_grant");
        let tokens = site.signed_in().await;
        site.pass(30 * DAY);
        assert_eq!(said(&site.refresh(&tokens).await), "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn signing_out_ends_it_by_either_token_and_once_more_is_no_mistake() {
    on_every_store(|site| async move {
        for by_access_token in [false, true] {
            let (tokens, kept) = (site.signed_in().await, site.signed_in().await);
            let token = match by_access_token {
                true => tokens.access_token.clone(),
                false => tokens.refresh_token.clone().unwrap(),
            };
            for _ in 0..2 {
                site.identity.revoke(CLIENT, &token).await.unwrap();
            }
            assert!(!site.lets_in(&tokens.access_token).await);
            assert_eq!(said(&site.refresh(&tokens).await), "invalid_grant");
            assert!(site.lets_in(&kept.access_token).await);
        }
        for unknown in ["", "x", "d1rt_x", "a.b.c"] {
            site.identity.revoke(CLIENT, unknown).await.unwrap();
        }
        assert_eq!(said(&site.identity.revoke("d1-evil", "x").await), "invalid_client");
    })
    .await;
}

#[tokio::test]
async fn a_person_ends_what_is_theirs_and_nobody_elses() {
    on_every_store(|site| async move {
        let (one, two) = (site.signed_in().await, site.signed_in().await);
        let (bert, _) = crate::site::person(&site.directory, "bert").await;
        let id = site.identity.authenticate(&one.access_token).await.unwrap().unwrap().session;
        site.identity.end_session(bert.id, id).await.unwrap();
        assert!(site.lets_in(&one.access_token).await);
        site.identity.end_session(site.anna.id, id).await.unwrap();
        assert!(!site.lets_in(&one.access_token).await && site.lets_in(&two.access_token).await);
        site.identity.end_all(site.anna.id).await.unwrap();
        assert!(!site.lets_in(&two.access_token).await);
    })
    .await;
}
