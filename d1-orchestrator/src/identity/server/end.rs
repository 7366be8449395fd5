//! Sign-ins end: by their program (RFC 7009), or by their person.

use super::core::Identity;
use crate::identity::{
    client::Client,
    records::{Origin, PersonalToken, Session},
    refusal::SignInError,
    secret::{Purpose, Secret},
    shelf::name_of,
};
use d1_core::{Digest, Scopes, SessionId, Timestamp, UserId};

/// Why most sign-ins end.
const SIGNED_OUT: &str = "its program or its person ended it";

/// A sign-in, for the person whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionNote {
    /// Which.
    pub id: SessionId,
    /// The program.
    pub client: String,
    /// From where.
    pub origin: Origin,
    /// What it may do.
    pub scopes: Scopes,
    /// Since when.
    pub began: Timestamp,
    /// When it last got tokens.
    pub used: Timestamp,
}

impl Identity {
    /// Ends the sign-in that a token belongs to. One that is not known is as good as ended
    /// (RFC 7009 §2.2); one of another program is left alone.
    pub async fn revoke(&self, client: &str, token: &str) -> Result<(), SignInError> {
        let client = Client::named(client).ok_or(SignInError::InvalidClient)?;
        if let Some(secret) = Secret::read(Purpose::RefreshToken, token) {
            let session: Option<Session> = self.shelf.find(secret.digest()).await?;
            if session.is_some_and(|session| session.client == client.id) {
                self.end(secret.digest(), SIGNED_OUT).await?;
            }
            return Ok(());
        }
        if let Some(secret) = Secret::read(Purpose::PersonalToken, token) {
            return self.drop_personal(secret.digest()).await;
        }
        match self.tokens.verify(token).await {
            Ok(bearer) if bearer.client == client.id => {
                self.end_session(bearer.user, bearer.session).await
            }
            Ok(_) | Err(crate::identity::token::TokenError::Refused(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The sign-ins of a person.
    pub async fn sessions_of(&self, user: UserId) -> Result<Vec<SessionNote>, SignInError> {
        let mut sessions = self.shelf.owned::<Session>(user).await?;
        sessions.sort_by_key(|(_, session)| session.began);
        let note = |(_, session): (_, Session)| SessionNote {
            id: session.id,
            client: session.client,
            origin: session.origin,
            scopes: session.scopes,
            began: session.began,
            used: session.used,
        };
        Ok(sessions.into_iter().map(note).collect())
    }

    /// Ends one of a person's sign-ins; it may have ended already.
    pub async fn end_session(&self, user: UserId, id: SessionId) -> Result<(), SignInError> {
        for (key, session) in self.shelf.owned::<Session>(user).await? {
            if session.id == id {
                self.end(key, SIGNED_OUT).await?;
            }
        }
        Ok(())
    }

    /// Ends every sign-in of a person, of programs and in browsers, and their tokens.
    pub async fn end_all(&self, user: UserId) -> Result<(), SignInError> {
        for (key, _) in self.shelf.owned::<Session>(user).await? {
            self.end(key, "all of the person's were ended").await?;
        }
        for (key, _) in self.shelf.owned::<PersonalToken>(user).await? {
            self.drop_personal(key).await?;
        }
        for (key, _) in self.shelf.owned::<crate::identity::records::Visit>(user).await? {
            self.shelf.remove::<crate::identity::records::Visit>(key).await?;
        }
        Ok(())
    }

    /// Ends a sign-in, for this reason. One that could not be written down is ended all the same:
    /// to shut out is what is safe.
    pub(super) async fn end(&self, family: Digest, why: &str) -> Result<(), SignInError> {
        let session: Option<Session> = self.shelf.find(family).await?;
        self.shelf.remove::<Session>(family).await?;
        match session {
            Some(session) => self.note_ended(&session, why).await,
            None => Ok(()),
        }
    }

    /// The session of this id.
    pub(super) async fn session(&self, id: SessionId) -> Result<Option<Session>, SignInError> {
        self.shelf.find(name_of(id)).await
    }
}
