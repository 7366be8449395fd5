//! From a yes to tokens.

use super::{collect::TokenAnswer, core::Identity};
use crate::identity::{
    records::{Approval, Grant, Session, Way},
    refusal::SignInError,
    secret::Secret,
    shelf::name_of,
    token::{ACCESS_TOKEN_LIFE, Bearer},
};
use d1_core::{AccountId, Scope, Scopes, UserId};

impl Identity {
    /// Keeps the session that was approved, and gives out its first tokens.
    pub(super) async fn begin_session(
        &self,
        grant: &Grant,
        approval: Approval,
        refresh: &Secret,
    ) -> Result<TokenAnswer, SignInError> {
        let now = self.clock.now();
        let session = Session {
            id: approval.session,
            user: approval.user,
            account: approval.account,
            client: grant.client.clone(),
            scopes: approval.scopes,
            origin: grant.origin.clone(),
            by_code: matches!(grant.way, Way::Code { .. }),
            signed_in: approval.signed_in,
            began: now,
            used: now,
            current: refresh.turn(),
            before: None,
        };
        self.note_began(&session).await?;
        self.shelf.create(refresh.digest(), vec![name_of(session.id)], &session).await?;
        self.answer(&session, session.scopes.clone(), refresh).await
    }

    /// Tokens of a session, for some of its scopes, as far as the person may now.
    pub(super) async fn answer(
        &self,
        session: &Session,
        scopes: Scopes,
        refresh: &Secret,
    ) -> Result<TokenAnswer, SignInError> {
        let may = self.may(session.user, session.account).await?;
        let scopes = scopes.and(&may.ok_or(SignInError::InvalidGrant)?);
        let bearer = Bearer {
            user: session.user,
            account: session.account,
            session: session.id,
            client: session.client.clone(),
            scopes: scopes.clone(),
            signed_in: session.signed_in,
        };
        let stays = session.scopes.has(Scope::OfflineAccess);
        Ok(TokenAnswer {
            access_token: self.tokens.issue(&bearer).await?,
            expires_in: ACCESS_TOKEN_LIFE.as_secs(),
            refresh_token: stays.then(|| refresh.text()),
            scopes,
        })
    }

    /// What somebody may do in an organisation now; `None` when they are kept out of it.
    pub(super) async fn may(
        &self,
        user: UserId,
        account: AccountId,
    ) -> Result<Option<Scopes>, SignInError> {
        let known = self.directory.user(user).await?;
        if known.is_none_or(|user| user.disabled) {
            return Ok(None);
        }
        Ok(self.directory.role(account, user).await?.map(d1_core::Role::scopes))
    }
}
