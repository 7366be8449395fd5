//! A program collects its tokens (RFC 8628 §3.4, RFC 6749 §4.1.3).

use super::core::Identity;
use crate::identity::{
    client::Client,
    records::{Grant, Polled, Way},
    refusal::SignInError,
    secret::{Purpose, Secret},
};
use d1_core::Scopes;

/// What a program is given (RFC 6749 §5.1).
#[derive(Clone, PartialEq, Eq)]
pub struct TokenAnswer {
    /// Presented with each request.
    pub access_token: String,
    /// Seconds until that is over.
    pub expires_in: u64,
    /// For the next one; only for whoever may stay signed in.
    pub refresh_token: Option<String>,
    /// What was granted.
    pub scopes: Scopes,
}

/// Never prints a token.
impl std::fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenAnswer").field("scopes", &self.scopes).finish_non_exhaustive()
    }
}

impl Identity {
    /// Gives out the tokens of a sign-in by code, once a person has said yes, and once.
    ///
    /// A code that was used before ends what came of it: two have it.
    pub async fn collect(
        &self,
        client: &str,
        device_code: &str,
        verifier: Option<&str>,
    ) -> Result<TokenAnswer, SignInError> {
        let client = Client::named(client).ok_or(SignInError::InvalidClient)?;
        let code = Secret::read(Purpose::DeviceCode, device_code);
        let code = code.ok_or(SignInError::InvalidGrant)?;
        let is_answer = |grant: &Grant| matches!(grant.way, Way::Code { .. });
        self.take(client, &code, verifier, is_answer).await
    }

    /// Gives out the tokens of a sign-in in a browser, for the code that it was sent, once.
    pub async fn exchange(
        &self,
        client: &str,
        code: &str,
        answer_at: &str,
        verifier: &str,
    ) -> Result<TokenAnswer, SignInError> {
        let client = Client::named(client).ok_or(SignInError::InvalidClient)?;
        let code = Secret::read(Purpose::AuthorizationCode, code);
        let code = code.ok_or(SignInError::InvalidGrant)?;
        let is_answer = |grant: &Grant| matches!(&grant.way, Way::Browser { answer_at: kept } if kept == answer_at);
        self.take(client, &code, Some(verifier), is_answer).await
    }

    async fn take(
        &self,
        client: &Client,
        code: &Secret,
        verifier: Option<&str>,
        is_answer: impl Fn(&Grant) -> bool,
    ) -> Result<TokenAnswer, SignInError> {
        let refresh = Secret::first_of_family(Purpose::RefreshToken)?;
        let family = refresh.digest();
        let polled = self.shelf.update(code.digest(), |grant: &mut Grant, now| {
            // Whoever is not the one that began changes nothing, not even the interval.
            let began = grant.client == client.id && is_answer(grant);
            if !began || !is_proven(grant, verifier) {
                return None;
            }
            let polled = grant.poll(now, family);
            Some((grant.clone(), polled))
        });
        let (grant, polled) = polled.await?.flatten().ok_or(SignInError::InvalidGrant)?;
        match polled {
            Polled::Take(approval) => self.begin_session(&grant, approval, &refresh).await,
            Polled::Pending => Err(SignInError::AuthorizationPending),
            Polled::TooSoon(interval) => Err(SignInError::SlowDown { interval }),
            Polled::Denied => Err(SignInError::AccessDenied),
            Polled::Expired => Err(SignInError::ExpiredToken),
            Polled::JustTaken => Err(SignInError::InvalidGrant),
            Polled::Again { family } => {
                tracing::warn!(client = client.id, "a code was used twice; its session ends");
                self.end(family, "its code was used twice").await?;
                Err(SignInError::InvalidGrant)
            }
        }
    }
}

/// Whether the program has shown that it began, if it said that it would.
fn is_proven(grant: &Grant, verifier: Option<&str>) -> bool {
    match (&grant.challenge, verifier) {
        (Some(challenge), Some(verifier)) => challenge.is_met_by(verifier),
        // A proof that was not announced means that somebody took the announcement away.
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}
