//! A person in a browser: signing in to decide, and letting a program on the same machine in
//! (RFC 6749 §4.1, RFC 8252).

use super::{
    ask::{read_challenge, scopes},
    core::Identity,
};
use crate::identity::{
    client::Client,
    password::PasswordError,
    pkce::Challenge,
    records::{Approval, Grant, Origin, State, Visit, Way},
    refusal::SignInError,
    secret::{NoRandom, Purpose, Secret},
};
use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use d1_core::{AccountId, AuditEntry, AuditKind, LoginName, Scopes, SessionId, Timestamp, UserId};
use std::time::Duration;

/// How long a code that was sent to a program is good (RFC 6749 §4.1.2 asks for short).
const CODE_LIFE: Duration = Duration::from_secs(60);

/// Somebody who is signed in to the pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// Who.
    pub user: UserId,
    /// What they sign in with.
    pub login: LoginName,
    /// When they proved who they are.
    pub signed_in: Timestamp,
    /// Their organisations, their own first: account and name.
    pub organisations: Vec<(AccountId, String)>,
}

/// A program on the same machine asks to be let in.
#[derive(Clone, Debug)]
pub struct BrowserAsk {
    client: &'static Client,
    answer_at: String,
    scopes: Scopes,
    challenge: Challenge,
    origin: Origin,
}

impl BrowserAsk {
    /// What the program is called.
    #[must_use]
    pub const fn client(&self) -> &'static str {
        self.client.name
    }

    /// What it asks for.
    #[must_use]
    pub const fn scopes(&self) -> &Scopes {
        &self.scopes
    }

    /// Where its answer goes.
    #[must_use]
    pub fn answer_at(&self) -> &str {
        &self.answer_at
    }
}

impl Identity {
    /// Whether an answer to this program may be sent there. While it may not, nothing is:
    /// not even why (RFC 6749 §4.1.2.1).
    #[must_use]
    pub fn may_answer(&self, client: &str, answer_at: &str) -> bool {
        Client::named(client).is_some_and(|client| client.may_be_answered_at(answer_at))
    }

    /// What a program asks for, once it is certain where an answer may be sent.
    pub fn browser_ask(
        &self,
        (client, answer_at): (&str, &str),
        scope: Option<&str>,
        resource: Option<&str>,
        (challenge, method): (&str, Option<&str>),
        origin: Origin,
    ) -> Result<BrowserAsk, SignInError> {
        let client = Client::named(client).filter(|client| client.may_be_answered_at(answer_at));
        let client = client.ok_or(SignInError::InvalidClient)?;
        self.is_resource(resource)?;
        let (scopes, challenge) = (scopes(scope)?, read_challenge(challenge, method)?);
        Ok(BrowserAsk { client, answer_at: answer_at.to_owned(), scopes, challenge, origin })
    }

    /// Says yes; gives the code that the program exchanges for its tokens. `None` when the
    /// person is not in this organisation.
    pub async fn let_in(
        &self,
        visitor: &Visitor,
        ask: BrowserAsk,
        account: AccountId,
    ) -> Result<Option<String>, SignInError> {
        let Some(may) = self.may(visitor.user, account).await? else { return Ok(None) };
        self.note_decided(visitor.user, (ask.client.id, &ask.origin), Some(account)).await?;
        let (code, now) = (Secret::new(Purpose::AuthorizationCode)?, self.clock.now());
        let approval = Approval {
            session: SessionId::generate(),
            user: visitor.user,
            account,
            scopes: ask.scopes.and(&may),
            signed_in: visitor.signed_in,
        };
        let grant = Grant {
            client: ask.client.id.to_owned(),
            scopes: ask.scopes,
            origin: ask.origin,
            began: now,
            expires: now.after(CODE_LIFE),
            challenge: Some(ask.challenge),
            way: Way::Browser { answer_at: ask.answer_at },
            state: State::Approved(approval),
        };
        self.shelf.create(code.digest(), Vec::new(), &grant).await?;
        Ok(Some(code.text()))
    }

    /// Signs somebody in to the pages; gives what their browser keeps. `None` when there is no
    /// such name or it is another password: nobody is told which.
    pub async fn sign_in(
        &self,
        login: &str,
        password: &str,
    ) -> Result<Option<String>, SignInError> {
        let login: Option<LoginName> = login.parse().ok();
        let user = match &login {
            Some(login) => self.directory.user_named(login).await?,
            None => None,
        };
        let kept = user.as_ref().and_then(|user| user.password.as_deref());
        let right = match self.passwords.verify(password, kept).await {
            // Longer than any that is kept: it is another one.
            Err(PasswordError::TooLong) => false,
            right => right?,
        };
        let known = user.as_ref().map(|user| user.id);
        let Some(user) = user.filter(|user| right && !user.disabled) else {
            // Also of a name that nobody has, without it: it may be a password in the wrong
            // place, and to write takes time that would tell names from each other.
            let why = if right { "is kept out" } else { "another name or password" };
            self.note_refused(known, why).await;
            return Ok(None);
        };
        self.begin_visit(user.id, "by a password").await.map(Some)
    }

    /// Has somebody signed in to the pages who has proved who they are; gives what their
    /// browser keeps.
    pub(super) async fn begin_visit(&self, user: UserId, way: &str) -> Result<String, SignInError> {
        let entry = AuditEntry::new(AuditKind::SignInBegan).about("user", user);
        self.note(entry.about("client", "the pages").about("way", way)).await?;
        let (secret, signed_in) = (Secret::new(Purpose::Visit)?, self.clock.now());
        let visit = Visit { user, signed_in };
        self.shelf.create(secret.digest(), Vec::new(), &visit).await?;
        Ok(secret.text())
    }

    /// Who keeps this in their browser.
    pub async fn visitor(&self, kept: &str) -> Result<Option<Visitor>, SignInError> {
        let Some(secret) = Secret::read(Purpose::Visit, kept) else { return Ok(None) };
        let visit: Option<Visit> = self.shelf.find(secret.digest()).await?;
        let Some(visit) = visit else { return Ok(None) };
        let user = self.directory.user(visit.user).await?.filter(|user| !user.disabled);
        let Some(user) = user else { return Ok(None) };
        let mut organisations = Vec::new();
        for member in self.directory.memberships(user.id).await? {
            if let Some(organisation) = self.directory.organisation(member.account).await? {
                organisations.push((organisation.account, organisation.name));
            }
        }
        let (login, signed_in) = (user.login, visit.signed_in);
        Ok(Some(Visitor { user: user.id, login, signed_in, organisations }))
    }

    /// Signs somebody out of the pages.
    pub async fn sign_out(&self, kept: &str) -> Result<(), SignInError> {
        match Secret::read(Purpose::Visit, kept) {
            Some(secret) => self.shelf.remove::<Visit>(secret.digest()).await,
            None => Ok(()),
        }
    }

    /// What a browser keeps that is not signed in, so that its forms are known to be ours.
    pub fn new_form_secret(&self) -> Result<String, NoRandom> {
        Ok(Secret::new(Purpose::Form)?.text())
    }

    /// What a form has in it, so that no other site can send it: derived from what the browser
    /// keeps. `None` when that is nothing of ours.
    #[must_use]
    pub fn form_token(&self, kept: &str) -> Option<String> {
        let secret = [Purpose::Visit, Purpose::Form];
        let secret = secret.into_iter().find_map(|purpose| Secret::read(purpose, kept))?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.bytes());
        Some(BASE64.encode(hmac::sign(&key, b"d1 form")))
    }

    /// Whether a form is one that we made for this browser.
    #[must_use]
    pub fn is_our_form(&self, kept: &str, token: &str) -> bool {
        self.form_token(kept).is_some_and(|expected| {
            verify_slices_are_equal(expected.as_bytes(), token.as_bytes()).is_ok()
        })
    }
}
