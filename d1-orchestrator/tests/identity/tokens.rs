//! Access tokens, and everything that is none.

use crate::forging::{Forged, forge};
use d1_core::{
    AccountId, Clock, KeyStore, SessionId, Timestamp, UserId,
    memory::{ManualClock, MemoryKeyStore},
};
use d1_orchestrator::{AccessTokens, Bearer, Keys, RefusedToken, TokenError};
use serde_json::json;
use std::{sync::Arc, time::Duration};

pub(crate) const ISSUER: &str = "https://cloud.example";
pub(crate) const AUDIENCE: &str = "https://cloud.example/api";

/// A server that issues and verifies, and its clock.
pub(crate) struct Bench {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<MemoryKeyStore>,
    pub(crate) tokens: AccessTokens,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::over(Arc::new(MemoryKeyStore::new()))
    }

    pub(crate) fn over(store: Arc<MemoryKeyStore>) -> Self {
        Self::with(store, Arc::new(ManualClock::starting_at(Timestamp(1_700_000_000_000))))
    }

    /// A server beside it, with the same keys.
    pub(crate) fn another_server(&self) -> Self {
        Self::with(Arc::clone(&self.store), Arc::clone(&self.clock))
    }

    fn with(store: Arc<MemoryKeyStore>, clock: Arc<ManualClock>) -> Self {
        let keys = Keys::new(store.clone() as Arc<dyn KeyStore>, clock.clone() as Arc<dyn Clock>);
        let clocked = clock.clone() as Arc<dyn Clock>;
        let tokens = AccessTokens::new(ISSUER.to_owned(), AUDIENCE.to_owned(), keys, clocked);
        Self { clock, store, tokens }
    }
}

/// Somebody, always the same.
pub(crate) fn bearer() -> Bearer {
    Bearer {
        user: UserId::from_bytes([1; 16]),
        account: AccountId::from_bytes([2; 16]),
        session: SessionId::from_bytes([3; 16]),
        client: "d1-cli".to_owned(),
        scopes: "setup:read credits:read".parse().unwrap(),
        signed_in: Timestamp(1_699_999_999_000),
    }
}

/// Why the token is refused.
pub(crate) async fn refused(bench: &Bench, token: &str) -> RefusedToken {
    match bench.tokens.verify(token).await {
        Err(TokenError::Refused(why)) => why,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_token_says_who_bears_it_for_ten_minutes() {
    let bench = Bench::new();
    let token = bench.tokens.issue(&bearer()).await.unwrap();
    assert_eq!(bench.tokens.verify(&token).await.unwrap(), bearer());
    // Five seconds are for clocks that differ.
    bench.clock.advance(Duration::from_secs(604));
    assert_eq!(bench.tokens.verify(&token).await.unwrap(), bearer());
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(refused(&bench, &token).await, RefusedToken::Expired);
}

#[tokio::test]
async fn two_tokens_of_the_same_moment_are_told_apart() {
    let bench = Bench::new();
    let (one, two) = (bench.tokens.issue(&bearer()).await, bench.tokens.issue(&bearer()).await);
    assert_ne!(one.unwrap(), two.unwrap());
}

#[tokio::test]
async fn what_the_forger_does_right_is_taken() {
    // Without this, each refusal below could be for a mistake of the forger.
    let bench = Bench::new();
    let token = forge(&bench, Forged::default()).await;
    assert_eq!(bench.tokens.verify(&token).await.unwrap(), bearer());
}

#[tokio::test]
async fn a_token_of_another_kind_or_signed_in_another_way_is_refused() {
    use RefusedToken as R;
    let bench = Bench::new();
    let cases = [
        (json!({"alg": "none"}), R::Malformed),
        (json!({"alg": "NoNe"}), R::Malformed),
        (json!({"alg": null}), R::Malformed),
        (json!({"alg": "HS256"}), R::Algorithm),
        (json!({"alg": "RS256"}), R::Algorithm),
        (json!({"alg": "ES384"}), R::Algorithm),
        (json!({"alg": "EdDSA"}), R::Algorithm),
        (json!({"typ": "JWT"}), R::Type),
        (json!({"typ": "AT+JWT"}), R::Type),
        (json!({"typ": "dpop+jwt"}), R::Type),
        (json!({"typ": null}), R::Type),
        (json!({"kid": null}), R::Malformed),
        (json!({"kid": ["a"]}), R::Malformed),
        (json!({"kid": 7}), R::Malformed),
        (json!({"kid": ""}), R::UnknownKey),
        (json!({"kid": "../../dev/null"}), R::UnknownKey),
        (json!({"kid": "' UNION SELECT secret FROM keys --"}), R::UnknownKey),
        (json!({"kid": "a".repeat(1_500)}), R::UnknownKey),
        (json!({"jku": "https://evil.example/jwks"}), R::Header),
        (json!({"x5u": "https://evil.example/cert"}), R::Header),
        (json!({"x5c": ["AAAA"]}), R::Header),
        (json!({"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}), R::Header),
        (json!({"crit": ["exp"]}), R::Header),
        (json!({"crit": []}), R::Header),
        (json!({"b64": false}), R::Header),
        (json!({"zip": "DEF"}), R::Header),
        (json!({"cty": "JWT"}), R::Header),
    ];
    for (header, why) in cases {
        let token = forge(&bench, Forged { header: header.clone(), ..Forged::default() }).await;
        assert_eq!(refused(&bench, &token).await, why, "{header}");
    }
}

#[tokio::test]
async fn every_claim_has_to_be_there_and_to_be_ours() {
    use RefusedToken as R;
    let bench = Bench::new();
    let now = 1_700_000_000_u64;
    let mut cases = vec![
        (json!({"iss": "https://cloud.example/"}), R::Issuer),
        (json!({"iss": "https://CLOUD.example"}), R::Issuer),
        (json!({"iss": "https://evil.example"}), R::Issuer),
        (json!({"iss": [ISSUER]}), R::Malformed),
        (json!({"aud": "https://cloud.example/mcp"}), R::Audience),
        (json!({"aud": [AUDIENCE, "https://evil.example"]}), R::Malformed),
        (json!({"aud": ""}), R::Audience),
        (json!({"sub": "root"}), R::Malformed),
        (json!({"sid": "1 OR 1=1"}), R::Malformed),
        (json!({"scope": "setup:read everything"}), R::Malformed),
        (json!({"scope": ["setup:read"]}), R::Malformed),
        (json!({"exp": now - 6}), R::Expired),
        (json!({"exp": 0}), R::Expired),
        (json!({"exp": -1}), R::Malformed),
        (json!({"exp": "1700000600"}), R::Malformed),
        (json!({"exp": 1_700_000_600.5}), R::Malformed),
        (json!({"exp": u64::MAX}), R::LivesTooLong),
        (json!({"exp": 1_u64 << 63}), R::LivesTooLong),
        (json!({"exp": now + 601}), R::LivesTooLong),
        (json!({"nbf": now + 60}), R::NotYet),
        (json!({"nbf": u64::MAX}), R::NotYet),
        (json!({"iat": now + 600}), R::NotYet),
        (json!({"iat": now - 601}), R::LivesTooLong),
    ];
    let all = [
        "iss",
        "aud",
        "sub",
        "exp",
        "nbf",
        "iat",
        "jti",
        "client_id",
        "scope",
        "sid",
        "org",
        "auth_time",
    ];
    cases.extend(all.map(|name| (json!({ name: null }), R::Malformed)));
    for (claims, why) in cases {
        let token = forge(&bench, Forged { claims: claims.clone(), ..Forged::default() }).await;
        assert_eq!(refused(&bench, &token).await, why, "{claims}");
    }
}

#[tokio::test]
async fn clocks_may_differ_by_five_seconds_and_no_more() {
    let bench = Bench::new();
    let now = 1_700_000_000_u64;
    for claims in [json!({"exp": now - 4}), json!({"nbf": now + 5}), json!({"iat": now + 5})] {
        let token = forge(&bench, Forged { claims: claims.clone(), ..Forged::default() }).await;
        assert!(bench.tokens.verify(&token).await.is_ok(), "{claims}");
    }
    for claims in [json!({"exp": now - 5}), json!({"nbf": now + 6}), json!({"iat": now + 6})] {
        let token = forge(&bench, Forged { claims: claims.clone(), ..Forged::default() }).await;
        refused(&bench, &token).await;
    }
}

#[tokio::test]
async fn only_our_signature_over_the_very_bytes_counts() {
    use RefusedToken as R;
    let bench = Bench::new();
    let token = bench.tokens.issue(&bearer()).await.unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let other = bench.tokens.issue(&Bearer { user: UserId::generate(), ..bearer() }).await.unwrap();
    let stolen = other.rsplit_once('.').unwrap().1;
    let zeros = "A".repeat(signature.len());
    for (forged, why) in [
        (format!("{signed}.{stolen}"), R::Signature),
        (format!("{signed}.{zeros}"), R::Signature),
        (format!("{signed}.{}", &signature[..40]), R::Signature),
        (format!("{signed}."), R::Signature),
        // The same as DER, which JWTs do not use (RFC 7518 §3.4).
        (
            format!("{signed}.MEUCIQC6mNfPlzeZUxsnW0b1Vmsg3q1mLc0zXSw0rNhW2y0tAwIgD1uK"),
            R::Signature,
        ),
        (format!("{header}.{}.{signature}", other.split('.').nth(1).unwrap()), R::Signature),
        (format!("{header}.{claims}A.{signature}"), R::Signature),
        (signed.to_owned(), R::Malformed),
        (format!("{token}.{signature}"), R::Malformed),
        (String::new(), R::Malformed),
        ("..".to_owned(), R::Malformed),
        ("d1rt_0123456789abcdef0123456789abcdef".to_owned(), R::Malformed),
        ("é".repeat(64), R::Malformed),
        ("\0".to_owned(), R::Malformed),
    ] {
        let said = refused(&bench, &forged).await;
        assert_eq!(said, why, "{forged}");
    }
}

#[tokio::test]
async fn each_flipped_bit_of_a_signature_breaks_it() {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
    let bench = Bench::new();
    let token = bench.tokens.issue(&bearer()).await.unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = BASE64.decode(signature).unwrap();
    for bit in 0..signature.len() * 8 {
        let mut flipped = signature.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let forged = format!("{signed}.{}", BASE64.encode(flipped));
        assert_eq!(refused(&bench, &forged).await, RefusedToken::Signature, "bit {bit}");
    }
}

#[tokio::test]
async fn a_key_of_ours_used_as_a_secret_word_signs_nothing() {
    // The confusion that gave the attack its name: the public key, as the key of an HMAC.
    let bench = Bench::new();
    for secret in [bench.tokens.keys().jwks().await.unwrap(), String::new()] {
        let forged = Forged { hmac: Some(secret.into_bytes()), ..Forged::default() };
        let token = forge(&bench, forged).await;
        assert_eq!(refused(&bench, &token).await, RefusedToken::Algorithm);
    }
}

#[tokio::test]
async fn what_is_signed_by_a_key_that_does_not_sign_yet_is_refused() {
    let bench = Bench::new();
    let forged = Forged { stage: d1_core::KeyStage::Next, ..Forged::default() };
    let token = forge(&bench, forged).await;
    assert_eq!(refused(&bench, &token).await, RefusedToken::UnknownKey);
}

#[tokio::test]
async fn a_token_longer_than_any_is_refused_before_it_is_read() {
    let bench = Bench::new();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for huge in ["a".repeat(4 * 1024 + 1), "a.".repeat(1 << 19), deep] {
        assert_eq!(refused(&bench, &huge).await, RefusedToken::TooLong);
    }
    // What is deep in a claim that nobody reads is not read; in a header nothing may be more.
    let deep = Forged { claims: json!({"extra": nested(900)}), ..Forged::default() };
    let token = forge(&bench, deep).await;
    assert_eq!(bench.tokens.verify(&token).await.unwrap(), bearer());
    let deep = Forged { header: json!({"extra": nested(900)}), ..Forged::default() };
    let token = forge(&bench, deep).await;
    assert_eq!(refused(&bench, &token).await, RefusedToken::Malformed);
}

/// A list in a list in a list.
fn nested(depth: u32) -> serde_json::Value {
    (0..depth).fold(json!([]), |inner, _| json!([inner]))
}
