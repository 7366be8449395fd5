//! A person decides about a program that asks by a code.

use super::{browser::Visitor, core::Identity};
use crate::identity::{
    client::Client,
    records::{Approval, Grant, Origin, State, Way},
    refusal::SignInError,
    user_code::UserCode,
};
use d1_core::{AccountId, Digest, Scopes, SessionId, Timestamp};

/// What a person decides about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The code, as it is shown.
    pub user_code: String,
    /// What the program is called.
    pub client: &'static str,
    /// Where it asks from.
    pub origin: Origin,
    /// What it asks for.
    pub scopes: Scopes,
    /// When it asked.
    pub began: Timestamp,
}

/// What came of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// It stands.
    Done,
    /// There is nothing to decide: no such code, or it is over.
    Gone,
    /// Somebody has decided already, and that stands.
    Before,
    /// The person is not in this organisation.
    NotAMember,
}

impl Identity {
    /// What asks by this code; `None` for one that is unknown, over, or decided about, so that
    /// whoever guesses learns nothing.
    pub async fn asked(&self, typed: &str) -> Result<Option<Asked>, SignInError> {
        let Some(code) = UserCode::read(typed) else {
            return Ok(None);
        };
        let grant: Option<Grant> = self.shelf.find(code.digest()).await?;
        let open = grant.filter(|grant| grant.is_open(self.clock.now()));
        let asked = open.and_then(|grant| {
            Some(Asked {
                user_code: code.to_string(),
                client: Client::named(&grant.client)?.name,
                origin: grant.origin,
                scopes: grant.scopes,
                began: grant.began,
            })
        });
        Ok(asked)
    }

    /// Says yes for one of the person's organisations, or no.
    pub async fn decide(
        &self,
        visitor: &Visitor,
        typed: &str,
        yes_for: Option<AccountId>,
    ) -> Result<Decided, SignInError> {
        let Some(code) = UserCode::read(typed) else { return Ok(Decided::Gone) };
        let Some(account) = yes_for else {
            self.note_open(visitor, &code, None).await?;
            return self.settle(code.digest(), |_| State::Denied).await;
        };
        let Some(may) = self.may(visitor.user, account).await? else {
            return Ok(Decided::NotAMember);
        };
        self.note_open(visitor, &code, Some(account)).await?;
        let approve = |grant: &Grant| {
            State::Approved(Approval {
                session: SessionId::generate(),
                user: visitor.user,
                account,
                scopes: grant.scopes.and(&may),
                signed_in: visitor.signed_in,
            })
        };
        self.settle(code.digest(), approve).await
    }

    /// Writes down what is decided about what is open; the rest is no news.
    async fn note_open(
        &self,
        visitor: &Visitor,
        code: &UserCode,
        yes_for: Option<AccountId>,
    ) -> Result<(), SignInError> {
        let grant: Option<Grant> = self.shelf.find(code.digest()).await?;
        match grant.filter(|grant| grant.is_open(self.clock.now())) {
            Some(grant) => {
                self.note_decided(visitor.user, (&grant.client, &grant.origin), yes_for).await
            }
            None => Ok(()),
        }
    }

    async fn settle(
        &self,
        code: Digest,
        next: impl Fn(&Grant) -> State,
    ) -> Result<Decided, SignInError> {
        let decided = self.shelf.update(code, |grant: &mut Grant, now| {
            if !matches!(grant.way, Way::Code { .. }) || now >= grant.expires {
                Decided::Gone
            } else if grant.state == State::Pending {
                grant.state = next(grant);
                Decided::Done
            } else {
                Decided::Before
            }
        });
        Ok(decided.await?.unwrap_or(Decided::Gone))
    }
}
