//! People who sign in at another provider of identities, and providers that lie.

use crate::{
    provider::{CLIENT, ISSUER, Provider, SECRET, Said, Signs},
    site::{Site, on_every_store},
};
use d1_core::{AccountId, Directory as _, FederatedId, User};
use d1_orchestrator::{
    Arrival, Upstream, UpstreamAnswer, UpstreamError, UpstreamHttp, UpstreamParts,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// A site that uses a provider, and somebody's browser.
struct Scene {
    site: Site,
    provider: Arc<Provider>,
    upstream: Upstream,
    browser: String,
}

impl Scene {
    fn at(site: Site) -> Self {
        let provider = Arc::new(Provider::new());
        let upstream = Upstream::new(UpstreamParts {
            issuer: ISSUER.to_owned(),
            client: CLIENT.to_owned(),
            secret: Some(SECRET.to_owned()),
            answer_at: "https://cloud.example/sign-in/elsewhere/back".to_owned(),
            http: Arc::clone(&provider) as Arc<dyn UpstreamHttp>,
            clock: site.clock.clone(),
        });
        let browser = site.identity.new_form_secret().unwrap();
        Self { site, provider, upstream: upstream.unwrap(), browser }
    }

    async fn with_anna_linked() -> Self {
        let scene = Self::at(Site::in_memory().await);
        scene.site.directory.link_user(scene.site.anna.id, &anna_there()).await.unwrap();
        scene
    }

    /// What the browser is sent there with.
    async fn sent(&self) -> BTreeMap<String, String> {
        let sent = self.site.identity.send_away(&self.upstream, &self.browser, "/activate?x=1");
        let door = sent.await.unwrap().unwrap().unwrap();
        let query = door.strip_prefix("https://id.example/door?").unwrap();
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let sent: BTreeMap<_, _> =
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.provider.said.lock().unwrap().nonce = sent["nonce"].clone();
        sent
    }

    async fn back(&self, answer: UpstreamAnswer<'_>) -> Arrival {
        self.site.identity.come_back(&self.upstream, &self.browser, answer).await.unwrap()
    }

    /// The whole way: there, and back with a code.
    async fn sign_in(&self) -> Arrival {
        let state = self.sent().await["state"].clone();
        self.back(UpstreamAnswer { state: &state, code: Some("a-code"), ..Default::default() })
            .await
    }

    fn say(&self, said: Said) {
        *self.provider.said.lock().unwrap() = said;
    }
}

fn anna_there() -> FederatedId {
    FederatedId::new(ISSUER, "248289761001").unwrap()
}

#[tokio::test]
async fn whoever_is_linked_is_signed_in_and_goes_on_where_they_were() {
    on_every_store(|site| async move {
        let scene = Scene::at(site);
        scene.site.directory.link_user(scene.site.anna.id, &anna_there()).await.unwrap();
        let Arrival::SignedIn { kept, next } = scene.sign_in().await else { panic!("not in") };
        assert_eq!(next, "/activate?x=1");
        let visitor = scene.site.identity.visitor(&kept).await.unwrap().unwrap();
        assert_eq!(visitor.user, scene.site.anna.id);
        let (kind, about) = scene.site.noted().await.pop().unwrap();
        assert_eq!(
            (kind.as_str(), about["way"].as_str()),
            ("sign_in.began", "by another provider")
        );
    })
    .await;
}

#[tokio::test]
async fn a_browser_is_sent_with_a_challenge_and_the_code_is_shown_with_its_answer() {
    let scene = Scene::with_anna_linked().await;
    let sent = scene.sent().await;
    assert_eq!((sent["response_type"].as_str(), sent["client_id"].as_str()), ("code", CLIENT));
    assert_eq!(sent["code_challenge_method"], "S256");
    assert!(sent["scope"].split('+').any(|scope| scope == "openid"), "{sent:?}");
    let answer =
        UpstreamAnswer { state: &sent["state"], code: Some("a-code"), ..Default::default() };
    scene.back(answer).await;
    let form = scene.provider.said.lock().unwrap().forms.last().unwrap().clone();
    let verifier = form.split('&').find_map(|pair| pair.strip_prefix("code_verifier=")).unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
    let challenge = base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, digest);
    assert_eq!(challenge, sent["code_challenge"]);
    // Neither is what the browser keeps, nor told to anybody before.
    assert!(!sent.values().any(|value| value.contains(verifier) || scene.browser.contains(value)));
}

#[tokio::test]
async fn what_a_provider_says_is_believed_only_when_all_of_it_agrees() {
    let lies = [
        ("another nonce", json!({"nonce": "made-up"}), Signs::Well),
        ("no nonce", json!({"nonce": null}), Signs::Well),
        ("for another", json!({"aud": "somebody-else"}), Signs::Well),
        ("for another, too", json!({"aud": [CLIENT, "somebody-else"]}), Signs::Well),
        ("of another", json!({"iss": "https://evil.example"}), Signs::Well),
        ("over", json!({"exp": 1_699_999_999}), Signs::Well),
        ("nobody", json!({"sub": "\u{1b}[2J"}), Signs::Well),
        ("signed by a stranger", json!({}), Signs::Strangely),
        ("signed by a secret of two", json!({}), Signs::Shared),
        ("signed by nobody", json!({}), Signs::Never),
    ];
    for (what, claims, signs) in lies {
        let scene = Scene::with_anna_linked().await;
        scene.say(Said { claims, signs, ..Said::default() });
        let begun = scene.site.noted().await.len();
        let arrival = scene.sign_in().await;
        let believed = matches!(
            arrival,
            Arrival::Failed(UpstreamError::NotBelieved(_) | UpstreamError::UnknownKey)
        );
        assert!(believed, "{what}: {arrival:?}");
        let noted = scene.site.noted().await.split_off(begun);
        let kinds: Vec<_> = noted.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, ["sign_in.refused"], "{what}");
    }
}

#[tokio::test]
async fn a_browser_comes_back_once_and_only_the_one_that_was_sent() {
    on_every_store(|site| async move {
        let scene = Scene::at(site);
        scene.site.directory.link_user(scene.site.anna.id, &anna_there()).await.unwrap();
        let state = scene.sent().await["state"].clone();
        let answer = UpstreamAnswer { state: &state, code: Some("a-code"), ..Default::default() };
        let other = scene.site.identity.new_form_secret().unwrap();
        for thief in [other.as_str(), "", "d1f_made-up"] {
            let arrival = scene.site.identity.come_back(&scene.upstream, thief, answer);
            assert!(matches!(arrival.await.unwrap(), Arrival::NotSent), "{thief}");
        }
        for made_up in ["", "d1dt_made-up", scene.browser.as_str()] {
            let answer = UpstreamAnswer { state: made_up, ..answer };
            assert!(matches!(scene.back(answer).await, Arrival::NotSent), "{made_up}");
        }
        assert!(matches!(scene.back(answer).await, Arrival::SignedIn { .. }));
        assert!(matches!(scene.back(answer).await, Arrival::NotSent));
        let state = scene.sent().await["state"].clone();
        scene.site.pass(601);
        let answer = UpstreamAnswer { state: &state, code: Some("a-code"), ..Default::default() };
        assert!(matches!(scene.back(answer).await, Arrival::NotSent));
    })
    .await;
}

#[tokio::test]
async fn another_provider_that_answers_is_heard_by_nobody() {
    let scene = Scene::with_anna_linked().await;
    for (issuer, is_ours) in [("https://evil.example", false), (ISSUER, true)] {
        let state = scene.sent().await["state"].clone();
        let code = Some("a-code");
        let answer = UpstreamAnswer { state: &state, code, issuer: Some(issuer), error: None };
        let arrival = scene.back(answer).await;
        assert_eq!(matches!(arrival, Arrival::SignedIn { .. }), is_ours, "{issuer}: {arrival:?}");
    }
}

#[tokio::test]
async fn a_no_and_a_code_that_is_not_known_sign_nobody_in() {
    let scene = Scene::with_anna_linked().await;
    let state = scene.sent().await["state"].clone();
    let error = Some("access_denied");
    let answer = UpstreamAnswer { state: &state, code: Some("a-code"), error, issuer: None };
    assert!(matches!(scene.back(answer).await, Arrival::Declined));
    type Is = fn(&UpstreamError) -> bool;
    let cases: [(&str, Is); 3] = [
        ("invalid_grant", |error| matches!(error, UpstreamError::NotBelieved(_))),
        ("invalid_client", |error| matches!(error, UpstreamError::Unusable(_))),
        ("unreachable", |error| matches!(error, UpstreamError::Unreachable(_))),
    ];
    for (word, is) in cases {
        scene.say(Said { refusal: Some(word), ..Said::default() });
        let Arrival::Failed(error) = scene.sign_in().await else { panic!("{word}") };
        assert!(is(&error), "{word}: {error:?}");
    }
}

#[tokio::test]
async fn a_provider_is_asked_for_its_keys_now_and_then_and_once_more_for_a_new_one() {
    let scene = Scene::with_anna_linked().await;
    for _ in 0..5 {
        assert!(matches!(scene.sign_in().await, Arrival::SignedIn { .. }));
    }
    assert_eq!(scene.provider.described(), 1);
    // Too soon after it was asked: whoever invents keys does not have it asked each time.
    scene.provider.rotate();
    assert!(matches!(scene.sign_in().await, Arrival::Failed(UpstreamError::UnknownKey)));
    assert_eq!(scene.provider.described(), 1);
    scene.site.pass(61);
    assert!(matches!(scene.sign_in().await, Arrival::SignedIn { .. }));
    assert_eq!(scene.provider.described(), 2);
}

#[tokio::test]
async fn a_provider_whose_doors_anybody_could_read_at_is_not_used() {
    let plain = [
        json!({"authorization_endpoint": "http://id.example/door"}),
        json!({"issuer": "https://evil.example"}),
        json!({"jwks_uri": null}),
    ];
    for described in plain {
        let scene = Scene::with_anna_linked().await;
        scene.say(Said { described: described.clone(), ..Said::default() });
        let sent = scene.site.identity.send_away(&scene.upstream, &scene.browser, "/activate");
        let error = sent.await.unwrap().unwrap().unwrap_err();
        assert!(matches!(error, UpstreamError::Unusable(_)), "{described}: {error:?}");
    }
    let scene = Scene::with_anna_linked().await;
    let described = json!({"token_endpoint": "http://id.example/token"});
    scene.say(Said { described, ..Said::default() });
    let arrival = scene.sign_in().await;
    assert!(matches!(arrival, Arrival::Failed(UpstreamError::Unusable(_))), "{arrival:?}");
    let asked = scene.provider.said.lock().unwrap().asked.clone();
    assert!(!asked.iter().any(|address| address.starts_with("http://")), "{asked:?}");
}

#[tokio::test]
async fn whoever_is_kept_out_here_is_kept_out_wherever_they_sign_in() {
    let scene = Scene::with_anna_linked().await;
    let anna = User { disabled: true, ..scene.site.anna.clone() };
    scene.site.directory.change_user(&anna).await.unwrap();
    assert!(matches!(scene.sign_in().await, Arrival::KeptOut));
}

#[tokio::test]
async fn somebody_new_is_nobody_until_they_are_let_in_and_then_the_same_each_time() {
    on_every_store(|site| async move {
        let scene = Scene::at(site);
        let named = json!({"preferred_username": "anna", "email": "a@example.org"});
        scene.say(Said { claims: named, ..Said::default() });
        let account = AccountId::generate();
        let Arrival::Stranger(stranger) = scene.sign_in().await else { panic!("known") };
        let arrival = scene.site.identity.admit(stranger, account).await.unwrap();
        let Arrival::SignedIn { kept, .. } = arrival else { panic!("{arrival:?}") };
        let visitor = scene.site.identity.visitor(&kept).await.unwrap().unwrap();
        // The name was taken, and is never what somebody is recognised by.
        assert_ne!(visitor.user, scene.site.anna.id);
        assert_eq!(visitor.login.as_str(), "anna-2");
        assert_eq!(visitor.organisations, [(account, "anna-2".to_owned())]);
        let Arrival::SignedIn { kept, .. } = scene.sign_in().await else { panic!("unknown") };
        let again = scene.site.identity.visitor(&kept).await.unwrap().unwrap();
        assert_eq!(again.user, visitor.user);
    })
    .await;
}

#[tokio::test]
async fn somebody_new_is_called_what_is_certain_about_them() {
    let long = "x".repeat(200);
    let cases: [(Value, Option<&str>); 5] = [
        (json!({"preferred_username": "zoe"}), Some("zoe")),
        (json!({"email": "zoe@example.org", "email_verified": true}), Some("zoe@example.org")),
        (json!({"email": "zoe@example.org", "email_verified": false}), None),
        (json!({"preferred_username": "<b>zoe</b>"}), None),
        (json!({"preferred_username": long}), None),
    ];
    for (claims, name) in cases {
        let scene = Scene::at(Site::in_memory().await);
        scene.say(Said { claims: claims.clone(), ..Said::default() });
        let Arrival::Stranger(stranger) = scene.sign_in().await else { panic!("known") };
        let account = AccountId::generate();
        scene.site.identity.admit(stranger, account).await.unwrap();
        let user = scene.site.directory.user_federated(&anna_there()).await.unwrap().unwrap();
        let id = user.id.to_string();
        assert_eq!(user.login.as_str(), name.unwrap_or(&id), "{claims}");
        assert_eq!(user.password, None);
    }
}

#[test]
fn the_secret_of_two_is_never_printed() {
    let scene = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let scene = scene.block_on(Scene::with_anna_linked());
    assert!(!format!("{:?}", scene.upstream).contains(SECRET));
}
