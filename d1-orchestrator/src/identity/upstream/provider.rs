//! Another provider of identities, as one of its clients sees it.

use super::{UpstreamError, UpstreamHttp, http::Asker, known::Known};
use d1_core::{Clock, FederatedId};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, TokenResponse as _,
    core::{
        CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreIdTokenClaims,
        CoreJwsSigningAlgorithm as Algorithm, CoreProviderMetadata,
    },
};
use std::{fmt, sync::Arc};

/// What a signature may be made by. Never by a secret that both know: whoever verifies could
/// sign, too.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::RsaSsaPssSha384,
    Algorithm::RsaSsaPssSha512,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EdDsa,
];

/// What is asked for beside who it is: what to call somebody who is new.
const SCOPES: [&str; 2] = ["profile", "email"];

/// What another provider is used by.
pub struct UpstreamParts {
    /// Its address, as it calls itself: `https://…`, or `http://` for this machine alone.
    pub issuer: String,
    /// What it calls us.
    pub client: String,
    /// By what it knows that it is us; `None` where PKCE alone has to do.
    pub secret: Option<String>,
    /// Where it sends browsers back to.
    pub answer_at: String,
    /// How it is asked.
    pub http: Arc<dyn UpstreamHttp>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// Never prints the secret.
impl fmt::Debug for UpstreamParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamParts")
            .field("issuer", &self.issuer)
            .field("client", &self.client)
            .field("answer_at", &self.answer_at)
            .finish_non_exhaustive()
    }
}

/// Whom another provider vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// Who it is there.
    pub id: FederatedId,
    /// What they would like to be called, if it says: the name they sign in with there, or an
    /// address of mail that it has verified. Nobody is recognised by it.
    pub name: Option<String>,
}

/// Another provider of identities (OpenID Connect Core 1.0 §3.1). Cheap to clone.
#[derive(Clone, Debug)]
pub struct Upstream {
    client: ClientId,
    secret: Option<ClientSecret>,
    answer_at: RedirectUrl,
    issuer: Arc<str>,
    known: Arc<Known>,
    http: Asker,
    clock: Arc<dyn Clock>,
}

impl Upstream {
    /// One that is used by these; it is not asked before somebody signs in.
    pub fn new(parts: UpstreamParts) -> Result<Self, UpstreamError> {
        let unusable = |what: &str| UpstreamError::Unusable(what.escape_debug().to_string());
        let not_an_address = |_error| unusable("it has no address, or we have none");
        if !is_private(&parts.issuer) {
            let what = format!("`{}` is neither https:// nor on this machine", parts.issuer);
            return Err(unusable(&what));
        }
        let issuer = IssuerUrl::new(parts.issuer.clone()).map_err(not_an_address)?;
        let answer_at = RedirectUrl::new(parts.answer_at).map_err(not_an_address)?;
        let (http, clock) = (Asker(parts.http), parts.clock);
        Ok(Self {
            client: ClientId::new(parts.client),
            secret: parts.secret.map(ClientSecret::new),
            answer_at,
            issuer: parts.issuer.into(),
            known: Arc::new(Known::new(issuer, http.clone(), Arc::clone(&clock))),
            http,
            clock,
        })
    }

    /// What it calls itself.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where a browser goes to sign in, with what has to come back.
    pub(in crate::identity) async fn door(
        &self,
        state: String,
        nonce: String,
        verifier: String,
    ) -> Result<String, UpstreamError> {
        let known = self.known.lately().await?;
        if !is_private(known.authorization_endpoint().as_str()) {
            return Err(UpstreamError::Unusable("its page is not at https://".into()));
        }
        let client = CoreClient::from_provider_metadata(known, self.client.clone(), None)
            .set_redirect_uri(self.answer_at.clone());
        let verifier = PkceCodeVerifier::new(verifier);
        let (url, _, _) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new(state),
                || Nonce::new(nonce),
            )
            .add_scopes(SCOPES.map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(url.into())
    }

    /// Whom it vouches for by a code that came back.
    pub(in crate::identity) async fn redeem(
        &self,
        code: String,
        nonce: String,
        verifier: String,
    ) -> Result<Vouched, UpstreamError> {
        let known = self.known.lately().await?;
        let token = self.exchange(&known, code, verifier).await?;
        let nonce = Nonce::new(nonce);
        let claims = match self.believe(&known, &token, &nonce) {
            // It may have taken a new key since it was asked for them.
            Err(UpstreamError::UnknownKey) => {
                self.believe(&self.known.anew().await?, &token, &nonce)?
            }
            claims => claims?,
        };
        let id = FederatedId::new(&*self.issuer, claims.subject().as_str());
        let id = id.map_err(|error| UpstreamError::NotBelieved(error.to_string()))?;
        let verified = claims.email_verified() == Some(true);
        let mail = claims.email().filter(|_| verified).map(|mail| mail.to_string());
        let name = claims.preferred_username().map(|name| name.to_string()).or(mail);
        Ok(Vouched { id, name })
    }

    async fn exchange(
        &self,
        known: &CoreProviderMetadata,
        code: String,
        verifier: String,
    ) -> Result<CoreIdToken, UpstreamError> {
        let door = known.token_endpoint().filter(|door| is_private(door.as_str()));
        if door.is_none() {
            return Err(UpstreamError::Unusable("it gives no tokens at https://".into()));
        }
        let (id, secret) = (self.client.clone(), self.secret.clone());
        let client = CoreClient::from_provider_metadata(known.clone(), id, secret)
            .set_redirect_uri(self.answer_at.clone());
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| UpstreamError::Unusable(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request_async(&self.http)
            .await?;
        let told = || UpstreamError::Unusable("it does not say who somebody is".into());
        answer.id_token().cloned().ok_or_else(told)
    }

    fn believe(
        &self,
        known: &CoreProviderMetadata,
        token: &CoreIdToken,
        nonce: &Nonce,
    ) -> Result<CoreIdTokenClaims, UpstreamError> {
        let (id, secret) = (self.client.clone(), self.secret.clone());
        let client = CoreClient::from_provider_metadata(known.clone(), id, secret);
        let now = i64::try_from(self.clock.now().0).unwrap_or(i64::MAX);
        let now = chrono::DateTime::from_timestamp_millis(now).unwrap_or_default();
        let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
        let verifier = verifier.set_time_fn(move || now);
        Ok(token.claims(&verifier, nonce)?.clone())
    }
}

/// Whether nobody between us and it reads along.
fn is_private(address: &str) -> bool {
    let host = |rest: &str| rest.split(['/', '?', '#']).next().unwrap_or_default().to_owned();
    match address.split_once("://") {
        Some(("https", rest)) => !host(rest).is_empty(),
        Some(("http", rest)) => {
            let host = host(rest);
            let locals = ["127.0.0.1", "[::1]", "localhost"];
            let is = |local: &&str| {
                host.strip_prefix(*local).is_some_and(|port| {
                    port.is_empty()
                        || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
                })
            };
            locals.iter().any(is)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_to_the_other_provider_is_read_by_nobody_else() {
        for good in
            ["https://id.example", "http://127.0.0.1:9000/x", "http://localhost", "http://[::1]:1/"]
        {
            assert!(is_private(good), "{good}");
        }
        for bad in [
            "",
            "https://",
            "http://id.example",
            "http://localhost.evil.example",
            "http://127.0.0.1:x@evil.example/",
            "http://localhost@evil.example",
            "file:///etc/passwd",
            "javascript://localhost/",
        ] {
            assert!(!is_private(bad), "{bad}");
        }
    }
}
