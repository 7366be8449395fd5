//! Whoever presents a token: looked at again with each request.

use super::core::Identity;
use crate::identity::{
    records::{PersonalToken, Session},
    refusal::SignInError,
    secret::{Purpose, Secret},
    shelf::name_of,
    token::TokenError,
};
use d1_core::{AccountId, Scope, Scopes, SessionId, UserId};

/// Somebody who may ask for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The person.
    pub user: UserId,
    /// The account that pays, and to which everything done belongs.
    pub account: AccountId,
    /// The sign-in, or the personal token, it comes from.
    pub session: SessionId,
    /// Whether it is a personal token.
    pub is_personal: bool,
    /// What they may do now.
    pub scopes: Scopes,
}

impl Identity {
    /// Who presents this token; `None` when nobody is let in by it.
    ///
    /// What was signed out, taken back or lost its role a moment ago is not let in any more.
    pub async fn authenticate(&self, token: &str) -> Result<Option<Principal>, SignInError> {
        if token.starts_with(Purpose::PersonalToken.prefix()) {
            return self.by_personal_token(token).await;
        }
        let bearer = match self.tokens.verify(token).await {
            Ok(bearer) => bearer,
            Err(TokenError::Refused(why)) => {
                tracing::debug!(%why, "a token is refused");
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let Some(session) = self.session(bearer.session).await? else { return Ok(None) };
        if session.before.is_some() {
            let arrived = |session: &mut Session, _| session.answer_arrived();
            self.shelf.update(name_of(session.id), arrived).await?;
        }
        let Some(may) = self.may(session.user, session.account).await? else { return Ok(None) };
        let mut scopes = bearer.scopes.and(&session.scopes).and(&may);
        if session.by_code {
            scopes = scopes.iter().filter(|scope| scope.by_device_code()).collect();
        }
        Ok(Some(Principal {
            user: session.user,
            account: session.account,
            session: session.id,
            is_personal: false,
            scopes,
        }))
    }

    async fn by_personal_token(&self, token: &str) -> Result<Option<Principal>, SignInError> {
        let Some(secret) = Secret::read(Purpose::PersonalToken, token) else { return Ok(None) };
        let kept: Option<PersonalToken> = self.shelf.find(secret.digest()).await?;
        let Some(kept) = kept else { return Ok(None) };
        let Some(may) = self.may(kept.user, kept.account).await? else { return Ok(None) };
        let scopes = kept.scopes.and(&may);
        let scopes = scopes.iter().filter(|&scope| may_be_personal(scope)).collect();
        Ok(Some(Principal {
            user: kept.user,
            account: kept.account,
            session: kept.id,
            is_personal: true,
            scopes,
        }))
    }
}

/// Whether a token without a person behind it may: it does not say yes in their place, and
/// makes no others of its kind.
pub(super) const fn may_be_personal(scope: Scope) -> bool {
    match scope {
        Scope::SetupApprove | Scope::TokenWrite | Scope::OfflineAccess => false,
        Scope::SetupRead
        | Scope::SetupWrite
        | Scope::CreditsRead
        | Scope::CreditsWrite
        | Scope::DeviceRead
        | Scope::DeviceLink => true,
    }
}
