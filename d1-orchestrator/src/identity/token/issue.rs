//! Issuing access tokens.

use super::{
    claims::{Bearer, Claims},
    error::TokenError,
};
use crate::identity::keys::{KeyError, Keys};
use aws_lc_rs::rand;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use d1_core::Clock;
use jsonwebtoken::{Algorithm, Header};
use serde::Serialize;
use std::{sync::Arc, time::Duration};

/// How long an access token is good.
pub const ACCESS_TOKEN_LIFE: Duration = Duration::from_secs(600);

/// What says that it is an access token, and nothing else (RFC 9068 §2.1).
pub(super) const TYPE: &str = "at+jwt";

/// Issues and verifies access tokens: JWTs after RFC 9068, signed with ES256.
///
/// The one door to the library below: on its own it lets tokens through without an audience
/// or an issuer, and does not look at their type.
#[derive(Clone, Debug)]
pub struct AccessTokens {
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) keys: Keys,
    pub(super) clock: Arc<dyn Clock>,
}

impl AccessTokens {
    /// Tokens of `issuer`, meant for `audience`. Both are compared byte by byte.
    #[must_use]
    pub fn new(issuer: String, audience: String, keys: Keys, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, audience, keys, clock }
    }

    /// Who issues.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// For whom.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// The keys it works with.
    #[must_use]
    pub const fn keys(&self) -> &Keys {
        &self.keys
    }

    /// A token that says who bears it, good from now on for [`ACCESS_TOKEN_LIFE`].
    pub async fn issue(&self, bearer: &Bearer) -> Result<String, TokenError> {
        let now = self.clock.now().0 / 1_000;
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: bearer.user,
            exp: now + ACCESS_TOKEN_LIFE.as_secs(),
            nbf: now,
            iat: now,
            jti: random_name()?,
            client_id: bearer.client.clone(),
            scope: bearer.scopes.clone(),
            sid: bearer.session,
            org: bearer.account,
            auth_time: bearer.signed_in.0 / 1_000,
        };
        sign(&self.keys, TYPE, &claims).await
    }
}

/// Claims as a token of this type, signed with the key that signs now.
pub(super) async fn sign(
    keys: &Keys,
    kind: &str,
    claims: &impl Serialize,
) -> Result<String, TokenError> {
    let ring = keys.ring().await?;
    let key = ring.active().ok_or_else(|| KeyError::Unknown("active".to_owned()))?;
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some(kind.to_owned());
    header.kid = Some(key.id.clone());
    #[expect(clippy::disallowed_methods, reason = "the one place that signs")]
    let signed = jsonwebtoken::encode(&header, claims, &key.signs);
    Ok(signed.map_err(|error| KeyError::Unusable(error.into()))?)
}

/// A name that no other token has: 128 random bits.
pub(super) fn random_name() -> Result<String, KeyError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|error| KeyError::Unusable(error.into()))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}
