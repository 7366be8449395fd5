//! What the audit log says of sign-ins: names and digests, and in words what programs say of
//! themselves. Never a secret, and never what somebody typed.

use super::core::Identity;
use crate::identity::{
    records::{Origin, Session},
    refusal::SignInError,
};
use d1_core::{AccountId, AuditEntry, AuditKind, UserId};

impl Identity {
    /// Writes down what is about to be done. What cannot be written is not done.
    pub(super) async fn note(&self, entry: AuditEntry) -> Result<(), SignInError> {
        self.audit.append(entry, self.clock.now()).await?;
        Ok(())
    }

    /// Writes down that a sign-in begins.
    pub(super) async fn note_began(&self, session: &Session) -> Result<(), SignInError> {
        let way = if session.by_code { "by a code" } else { "by a browser" };
        let entry = about(AuditKind::SignInBegan, session).about("way", way);
        let entry = entry.about("scopes", &session.scopes);
        self.note(from(entry, &session.origin)).await
    }

    /// Writes down that a sign-in ends.
    pub(super) async fn note_ended(&self, session: &Session, why: &str) -> Result<(), SignInError> {
        self.note(about(AuditKind::SignInEnded, session).about("why", why)).await
    }

    /// Writes down that somebody is not let in. They are refused even when that cannot be
    /// written: to refuse is what is safe.
    pub(super) async fn note_refused(&self, user: Option<UserId>, why: &str) {
        let entry = AuditEntry::new(AuditKind::SignInRefused).about("why", why);
        let entry = match user {
            Some(user) => entry.about("user", user),
            None => entry,
        };
        if let Err(error) = self.note(entry).await {
            tracing::error!(%error, "somebody is refused, and the audit log does not say so");
        }
    }

    /// Writes down what a person says to a program that asks.
    pub(super) async fn note_decided(
        &self,
        user: UserId,
        (client, origin): (&str, &Origin),
        yes_for: Option<AccountId>,
    ) -> Result<(), SignInError> {
        let entry = AuditEntry::new(AuditKind::ProgramDecided)
            .about("user", user)
            .about("client", client)
            .about("decision", if yes_for.is_some() { "yes" } else { "no" });
        let entry = match yes_for {
            Some(account) => entry.about("account", account),
            None => entry,
        };
        self.note(from(entry, origin)).await
    }
}

fn about(kind: AuditKind, session: &Session) -> AuditEntry {
    AuditEntry::new(kind)
        .about("session", session.id)
        .about("user", session.user)
        .about("account", session.account)
        .about("client", &session.client)
}

/// Where it comes from, in words that may be taken away.
fn from(entry: AuditEntry, origin: &Origin) -> AuditEntry {
    entry.saying("device", &origin.device).saying("address", &origin.address)
}
