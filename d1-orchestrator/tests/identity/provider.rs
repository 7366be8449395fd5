//! Another provider of identities, in memory: it can say anything, and sign it.

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use d1_orchestrator::{UpstreamHttp, UpstreamHttpError};
use serde_json::{Map, Value, json};
use std::sync::Mutex;

pub(crate) const ISSUER: &str = "https://id.example";
pub(crate) const CLIENT: &str = "d1-cloud";
pub(crate) const SECRET: &str = "what we both know";

/// How it signs what it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Signs {
    /// By its key.
    #[default]
    Well,
    /// By a key that it does not tell of.
    Strangely,
    /// By the secret that both know.
    Shared,
    /// Not at all.
    Never,
}

/// What it will say next, and what it was asked.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// What is different from what it should say; `null` takes a member away.
    pub(crate) claims: Value,
    pub(crate) signs: Signs,
    /// What its description has instead.
    pub(crate) described: Value,
    /// How it answers instead of giving a token.
    pub(crate) refusal: Option<&'static str>,
    pub(crate) nonce: String,
    /// The addresses it was asked at.
    pub(crate) asked: Vec<String>,
    /// The forms it was sent.
    pub(crate) forms: Vec<String>,
}

/// Another provider of identities.
#[derive(Debug)]
pub(crate) struct Provider {
    keys: Mutex<Vec<EcdsaKeyPair>>,
    pub(crate) said: Mutex<Said>,
}

fn key() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()
}

fn merged(whole: Value, change: &Value) -> Value {
    let mut whole: Map<String, Value> = whole.as_object().unwrap().clone();
    for (name, value) in change.as_object().into_iter().flatten() {
        if value.is_null() {
            whole.remove(name)
        } else {
            whole.insert(name.clone(), value.clone())
        };
    }
    Value::Object(whole)
}

impl Provider {
    pub(crate) fn new() -> Self {
        Self { keys: Mutex::new(vec![key()]), said: Mutex::default() }
    }

    /// Takes a new key, and forgets the old one.
    pub(crate) fn rotate(&self) {
        *self.keys.lock().unwrap() = vec![key()];
    }

    /// How often its description was asked for.
    pub(crate) fn described(&self) -> usize {
        let said = self.said.lock().unwrap();
        said.asked.iter().filter(|it| it.ends_with("/openid-configuration")).count()
    }

    fn description(&self) -> Value {
        let whole = json!({
            "issuer": ISSUER, "authorization_endpoint": format!("{ISSUER}/door"),
            "token_endpoint": format!("{ISSUER}/token"), "jwks_uri": format!("{ISSUER}/keys"),
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
        });
        merged(whole, &self.said.lock().unwrap().described)
    }

    fn keys(&self) -> Value {
        let keys = self.keys.lock().unwrap();
        let told = keys.iter().map(|key| {
            let point = key.public_key().as_ref();
            let (x, y) = point[1..].split_at(32);
            json!({
                "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
                "kid": BASE64.encode(&x[..8]), "x": BASE64.encode(x), "y": BASE64.encode(y),
            })
        });
        json!({ "keys": told.collect::<Vec<_>>() })
    }

    fn token(&self) -> Value {
        let said = self.said.lock().unwrap();
        let whole = json!({
            "iss": ISSUER, "aud": CLIENT, "sub": "248289761001", "nonce": said.nonce,
            "iat": 1_700_000_000, "exp": 1_700_000_300,
        });
        let claims = merged(whole, &said.claims);
        let (stranger, keys) = (key(), self.keys.lock().unwrap());
        let key = if said.signs == Signs::Strangely { &stranger } else { &keys[0] };
        let kid = BASE64.encode(&key.public_key().as_ref()[1..9]);
        let header = match said.signs {
            Signs::Well | Signs::Strangely => json!({"alg": "ES256", "kid": kid}),
            Signs::Shared => json!({"alg": "HS256"}),
            Signs::Never => json!({"alg": "none"}),
        };
        let text = |value: Value| BASE64.encode(value.to_string());
        let signed = format!("{}.{}", text(header), text(claims));
        let signature = match said.signs {
            Signs::Well | Signs::Strangely => {
                key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec()
            }
            Signs::Shared => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
                hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
            }
            Signs::Never => Vec::new(),
        };
        let id_token = format!("{signed}.{}", BASE64.encode(signature));
        json!({"access_token": "x", "token_type": "Bearer", "id_token": id_token})
    }
}

#[async_trait::async_trait]
impl UpstreamHttp for Provider {
    async fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, UpstreamHttpError> {
        let (path, refusal) = {
            let mut said = self.said.lock().unwrap();
            said.asked.push(request.uri().to_string());
            said.forms.push(String::from_utf8(request.body().clone()).unwrap());
            (request.uri().path().to_owned(), said.refusal)
        };
        let (status, body) = match (path.as_str(), refusal) {
            ("/.well-known/openid-configuration", _) => (200, self.description()),
            ("/keys", _) => (200, self.keys()),
            ("/token", Some("unreachable")) => {
                return Err(UpstreamHttpError("the cable was cut".into()));
            }
            ("/token", Some(word)) => (400, json!({ "error": word })),
            ("/token", None) => (200, self.token()),
            _ => (404, json!({})),
        };
        let answer = http::Response::builder().status(status);
        let answer = answer.header("content-type", "application/json");
        Ok(answer.body(body.to_string().into_bytes()).unwrap())
    }
}
