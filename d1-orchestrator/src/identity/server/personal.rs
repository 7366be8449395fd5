//! Tokens that people make for programs of theirs.

use super::{bearer::may_be_personal, core::Identity};
use crate::identity::{
    records::PersonalToken,
    refusal::SignInError,
    secret::{Purpose, Secret},
    shelf::name_of,
};
use d1_core::{AccountId, AuditEntry, AuditKind, Digest, Scopes, SessionId, Timestamp, UserId};
use std::time::Duration;

/// The longest that one is good.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);
/// The most characters of its name.
const MAX_NAME: usize = 64;
/// How many one person may have.
const MOST: usize = 100;

/// What somebody wants a token for.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Whose it is.
    pub user: UserId,
    /// For which account.
    pub account: AccountId,
    /// What they call it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// How long it is good; a year at most.
    pub life: Duration,
}

/// A token, for the person whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenNote {
    /// Which.
    pub id: SessionId,
    /// What they call it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// Since when it is there.
    pub made: Timestamp,
    /// Until when it is good.
    pub ends: Timestamp,
}

impl Identity {
    /// Makes a token. It is told this once; only its digest is kept.
    pub async fn make_token(&self, new: NewToken) -> Result<(TokenNote, String), SignInError> {
        let bad = SignInError::InvalidRequest;
        if new.name.is_empty() || new.name.chars().count() > MAX_NAME {
            return Err(bad("a token has a name of 1 to 64 characters"));
        }
        if new.life.is_zero() || new.life > LONGEST {
            return Err(bad("a token is good for at most 365 days"));
        }
        let may = self.may(new.user, new.account).await?.ok_or(SignInError::AccessDenied)?;
        let never = |scope| !may_be_personal(scope) || !may.has(scope);
        if let Some(scope) = new.scopes.iter().find(|&scope| never(scope)) {
            let why = format!("`{scope}` cannot be given to a token of this person");
            return Err(SignInError::InvalidScope(why));
        }
        if new.scopes.is_empty() {
            return Err(SignInError::InvalidScope("a token may do something".to_owned()));
        }
        if self.shelf.owned::<PersonalToken>(new.user).await?.len() >= MOST {
            return Err(bad("one person has at most 100 tokens; take one back first"));
        }
        let (secret, made) = (Secret::new(Purpose::PersonalToken)?, self.clock.now());
        let kept = PersonalToken {
            id: SessionId::generate(),
            user: new.user,
            account: new.account,
            name: new.name,
            scopes: new.scopes,
            made,
            ends: made.after(new.life),
        };
        self.note(about(&kept, "made").about("scopes", &kept.scopes)).await?;
        self.shelf.create(secret.digest(), vec![name_of(kept.id)], &kept).await?;
        Ok((note(kept), secret.text()))
    }

    /// The tokens of a person, oldest first.
    pub async fn tokens_of(&self, user: UserId) -> Result<Vec<TokenNote>, SignInError> {
        let mut tokens = self.shelf.owned::<PersonalToken>(user).await?;
        tokens.sort_by_key(|(_, token)| token.made);
        Ok(tokens.into_iter().map(|(_, token)| note(token)).collect())
    }

    /// Takes one back; it may be gone already.
    pub async fn take_token_back(&self, user: UserId, id: SessionId) -> Result<(), SignInError> {
        for (key, token) in self.shelf.owned::<PersonalToken>(user).await? {
            if token.id == id {
                self.drop_personal(key).await?;
            }
        }
        Ok(())
    }

    /// Forgets a token, whoever wants it: its person, or whoever has it. One that could not be
    /// written down is forgotten all the same.
    pub(super) async fn drop_personal(&self, key: Digest) -> Result<(), SignInError> {
        let kept: Option<PersonalToken> = self.shelf.find(key).await?;
        self.shelf.remove::<PersonalToken>(key).await?;
        match kept {
            Some(kept) => self.note(about(&kept, "taken back")).await,
            None => Ok(()),
        }
    }
}

fn about(token: &PersonalToken, change: &str) -> AuditEntry {
    AuditEntry::new(AuditKind::PersonalToken)
        .about("token", token.id)
        .about("user", token.user)
        .about("account", token.account)
        .about("change", change)
        .saying("name", &token.name)
}

fn note(kept: PersonalToken) -> TokenNote {
    let PersonalToken { id, name, scopes, made, ends, .. } = kept;
    TokenNote { id, name, scopes, made, ends }
}
