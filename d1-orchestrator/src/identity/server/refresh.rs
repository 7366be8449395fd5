//! The next tokens of a sign-in (RFC 6749 §6).

use super::{collect::TokenAnswer, core::Identity};
use crate::identity::{
    client::Client,
    records::{Refreshed, Session},
    refusal::SignInError,
    secret::{Purpose, Secret},
};
use d1_core::Scopes;

impl Identity {
    /// Gives out the next tokens, for all that was granted or for some of it.
    ///
    /// A token that was used before ends the whole sign-in.
    pub async fn refresh(
        &self,
        client: &str,
        token: &str,
        scope: Option<&str>,
        resource: Option<&str>,
    ) -> Result<TokenAnswer, SignInError> {
        let client = Client::named(client).ok_or(SignInError::InvalidClient)?;
        self.is_resource(resource)?;
        let shown = Secret::read(Purpose::RefreshToken, token).ok_or(SignInError::InvalidGrant)?;
        let family = shown.digest();
        let session: Option<Session> = self.shelf.find(family).await?;
        let session = session.filter(|session| session.client == client.id);
        let session = session.ok_or(SignInError::InvalidGrant)?;
        let scopes = narrowed(&session.scopes, scope)?;
        if self.may(session.user, session.account).await?.is_none() {
            self.shelf.remove::<Session>(family).await?;
            return Err(SignInError::InvalidGrant);
        }
        let next = shown.next()?;
        let refreshed = self.shelf.update(family, |session: &mut Session, now| {
            (session.refresh(shown.turn(), next.turn(), now), session.clone())
        });
        match refreshed.await?.ok_or(SignInError::InvalidGrant)? {
            (Refreshed::Next, session) => self.answer(&session, scopes, &next).await,
            (Refreshed::Stolen, session) => {
                let (session, user) = (session.id, session.user);
                tracing::warn!(%session, %user, "a refresh token was used twice; its sign-in ends");
                self.end(family, "a refresh token of it was used twice").await?;
                Err(SignInError::InvalidGrant)
            }
        }
    }
}

fn narrowed(granted: &Scopes, asked: Option<&str>) -> Result<Scopes, SignInError> {
    let Some(asked) = asked.filter(|asked| !asked.is_empty()) else { return Ok(granted.clone()) };
    let asked: Scopes = asked
        .parse()
        .map_err(|error: d1_core::ScopeError| SignInError::InvalidScope(error.to_string()))?;
    if !asked.within(granted) || asked.is_empty() {
        let why = format!("more is asked for than was granted, which is: {granted}");
        return Err(SignInError::InvalidScope(why));
    }
    Ok(asked)
}
