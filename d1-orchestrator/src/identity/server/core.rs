//! What the authorization server is made of.

use crate::identity::{
    password::{PasswordError, Passwords},
    shelf::Shelf,
    token::AccessTokens,
};
use d1_core::{AuditLog, Clock, Directory, SessionStore};
use std::sync::Arc;

/// What the authorization server works with.
#[derive(Debug)]
pub struct IdentityParts {
    /// Who there is.
    pub directory: Arc<dyn Directory>,
    /// Who is signed in.
    pub sessions: Arc<dyn SessionStore>,
    /// What access tokens are made by.
    pub tokens: AccessTokens,
    /// What is written down of it: who is let in, who is not, and who ended it.
    pub audit: Arc<dyn AuditLog>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// The authorization server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Identity {
    pub(super) directory: Arc<dyn Directory>,
    pub(super) shelf: Shelf,
    pub(super) passwords: Passwords,
    pub(super) tokens: AccessTokens,
    pub(super) audit: Arc<dyn AuditLog>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Identity {
    /// One that is made of these.
    pub fn new(parts: IdentityParts) -> Result<Self, PasswordError> {
        let IdentityParts { directory, sessions, tokens, audit, clock } = parts;
        let shelf = Shelf { store: sessions, clock: Arc::clone(&clock) };
        Ok(Self { directory, shelf, passwords: Passwords::new()?, tokens, audit, clock })
    }

    /// Who there is.
    #[must_use]
    pub fn directory(&self) -> &dyn Directory {
        &*self.directory
    }

    /// What hashes passwords.
    #[must_use]
    pub const fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// What access tokens are made by.
    #[must_use]
    pub const fn tokens(&self) -> &AccessTokens {
        &self.tokens
    }
}
