//! Makes tokens as an attacker would, or as a mistake of ours: anything can be wrong in them,
//! and the signature is right all the same.

use crate::tokens::{AUDIENCE, Bench, ISSUER, bearer};
use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use d1_core::{KeyStage, KeyStore as _};
use serde_json::{Value, json};

/// What is different from a token of ours; `null` takes a member away.
pub(crate) struct Forged {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    /// By the key of which stage it is signed.
    pub(crate) stage: KeyStage,
    /// A word to sign it with instead, as HS256 does.
    pub(crate) hmac: Option<Vec<u8>>,
}

impl Default for Forged {
    fn default() -> Self {
        Self { header: json!({}), claims: json!({}), stage: KeyStage::Active, hmac: None }
    }
}

/// A token that is signed.
pub(crate) async fn forge(bench: &Bench, forged: Forged) -> String {
    bench.tokens.keys().list().await.unwrap();
    let ring = bench.store.load().await.unwrap();
    let key = ring.keys.iter().find(|key| key.stage == forged.stage).unwrap();
    let somebody = bearer();
    let now = 1_700_000_000_u64;
    let alg = if forged.hmac.is_some() { "HS256" } else { "ES256" };
    let header = json!({"alg": alg, "typ": "at+jwt", "kid": key.id});
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": somebody.user, "exp": now + 600,
        "nbf": now, "iat": now, "jti": "forged", "client_id": somebody.client,
        "scope": somebody.scopes, "sid": somebody.session, "org": somebody.account,
        "auth_time": 1_699_999_999,
    });
    let part = |whole: Value, change: Value| BASE64.encode(changed(whole, change).to_string());
    let signed = format!("{}.{}", part(header, forged.header), part(claims, forged.claims));
    let signature = match &forged.hmac {
        Some(word) => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, word);
            hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
        }
        None => {
            let pair =
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key.secret).unwrap();
            pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec()
        }
    };
    format!("{signed}.{}", BASE64.encode(signature))
}

fn changed(mut whole: Value, change: Value) -> Value {
    let members = whole.as_object_mut().unwrap();
    for (name, value) in change.as_object().unwrap() {
        members.remove(name);
        if !value.is_null() {
            members.insert(name.clone(), value.clone());
        }
    }
    whole
}
