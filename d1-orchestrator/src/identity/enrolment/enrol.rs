//! A device enrols by a one-time token.
//!
//! 1. Somebody who may link devices makes a token: good for minutes, and once. With it they
//!    are told the digest of the authority's key, by which the device knows the server.
//! 2. The device makes two keys: one that it keeps, and one for its first certificate. It
//!    sends the public halves, with a proof of each.
//! 3. The token is used up and the device kept in one change: of many who have the same token,
//!    one enrols.

use super::{
    core::{Enrolments, Papers, about, whoever},
    error::EnrolError,
};
use crate::identity::{
    authority::{CertificateRequest, verify_bound},
    secret::{Purpose, Secret},
};
use d1_core::{
    AccountId, AuditEntry, AuditKind, DeviceId, Digest, Enrolment, EnrolmentStage, EnrolmentToken,
    Timestamp, UserId, enrolment_proof,
};
use std::{fmt, time::Duration};

/// The longest that a token is good.
const LONGEST: Duration = Duration::from_secs(3_600);

/// A new one-time token. What lets in is told this once.
#[derive(Clone, PartialEq, Eq)]
pub struct NewEnrolmentToken {
    /// What lets in.
    pub secret: String,
    /// What the token is called by.
    pub name: String,
    /// Until when it is good.
    pub ends: Timestamp,
    /// The digest of the key of the authority that signs, by which the device knows the server.
    pub authority: String,
}

/// Never prints what lets in.
impl fmt::Debug for NewEnrolmentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewEnrolmentToken").field("ends", &self.ends).finish_non_exhaustive()
    }
}

/// What a device says that enrols.
#[derive(Clone, Copy)]
pub struct EnrolAsk<'a> {
    /// The one-time token.
    pub token: &'a str,
    /// Which device it is.
    pub device: DeviceId,
    /// The request for its first certificate, as DER.
    pub request: &'a [u8],
    /// The public key that it keeps, as a `SubjectPublicKeyInfo`.
    pub bound_key: &'a [u8],
    /// Its signature of [`enrolment_proof`] by that key.
    pub proof: &'a [u8],
}

/// Never prints the token.
impl fmt::Debug for EnrolAsk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolAsk").field("device", &self.device).finish_non_exhaustive()
    }
}

impl Enrolments {
    /// Makes a token by which one device enrols for an account; good for `life`, an hour at
    /// most.
    pub async fn make_token(
        &self,
        account: AccountId,
        by: Option<UserId>,
        life: Duration,
    ) -> Result<NewEnrolmentToken, EnrolError> {
        if life.is_zero() || life > LONGEST {
            return Err(EnrolError::Invalid("an enrolment token is good for an hour at most"));
        }
        let authority = self.0.authorities.bundle().await?.active()?.id().to_owned();
        let (secret, now) = (Secret::new(Purpose::Enrolment)?, self.0.clock.now());
        let ends = now.after(life);
        let token = EnrolmentToken { secret: secret.digest(), account, by, ends };
        self.note(invitation(&token, by, "made")).await?;
        self.0.store.add_token(&token, now).await?;
        Ok(NewEnrolmentToken { secret: secret.text(), name: token.name(), ends, authority })
    }

    /// The tokens of an account that are neither used nor over.
    pub async fn tokens(&self, account: AccountId) -> Result<Vec<EnrolmentToken>, EnrolError> {
        Ok(self.0.store.tokens(account, self.0.clock.now()).await?)
    }

    /// Takes a token of an account back by its name. False when it has none of that name.
    pub async fn take_token_back(
        &self,
        account: AccountId,
        name: &str,
        by: Option<UserId>,
    ) -> Result<bool, EnrolError> {
        let open = self.tokens(account).await?;
        let Some(token) = open.into_iter().find(|token| token.name() == name) else {
            return Ok(false);
        };
        self.note(invitation(&token, by, "taken back")).await?;
        Ok(self.0.store.drop_token(account, &token.secret).await?)
    }

    /// Lets a device in, new or again, and gives it its certificate.
    pub async fn enrol(&self, ask: EnrolAsk<'_>) -> Result<Papers, EnrolError> {
        let request = CertificateRequest::read(ask.request).map_err(EnrolError::Invalid)?;
        let said = enrolment_proof(ask.device, ask.token, ask.request);
        verify_bound(ask.bound_key, &said, ask.proof).map_err(EnrolError::Invalid)?;
        let secret = Secret::read(Purpose::Enrolment, ask.token).ok_or(EnrolError::Refused)?;
        let now = self.0.clock.now();
        let token = self.0.store.token(&secret.digest(), now).await?;
        let token = token.ok_or(EnrolError::Refused)?;
        // Whose it is already is asked before the token is used up; the first who says so has it.
        let owner = self.0.directory.claim_device(ask.device, token.account).await?;
        if owner != token.account {
            return Err(EnrolError::Refused);
        }
        let before = self.0.store.find(ask.device).await?;
        let new = self.newcomer(&ask, &request, token.account, before.as_ref()).await?;
        let entry = about(AuditKind::DeviceEnrolled, &new).about("token", token.name());
        self.note(entry.about("by", whoever(token.by))).await?;
        let version = self.0.store.enrol(&secret.digest(), &new, now).await?;
        self.papers(&Enrolment { version, ..new }).await
    }

    async fn newcomer(
        &self,
        ask: &EnrolAsk<'_>,
        request: &CertificateRequest,
        account: AccountId,
        before: Option<&Enrolment>,
    ) -> Result<Enrolment, EnrolError> {
        if request.key() == Digest::of(ask.bound_key) {
            return Err(EnrolError::Invalid("the key that is kept and the first one are the same"));
        }
        let generation = before.map_or(0, |before| before.current.generation) + 1;
        let current = self.sign(request, (account, ask.device), generation).await?;
        Ok(Enrolment {
            device: ask.device,
            account,
            stage: EnrolmentStage::Active,
            since: self.0.clock.now(),
            bound_key: ask.bound_key.to_vec(),
            first: generation,
            current,
            previous: None,
            recoveries: 0,
            version: before.map_or(0, |before| before.version),
        })
    }
}

/// What is written down of a token: never what lets in.
fn invitation(token: &EnrolmentToken, by: Option<UserId>, change: &str) -> AuditEntry {
    AuditEntry::new(AuditKind::EnrolmentToken)
        .about("token", token.name())
        .about("account", token.account)
        .about("ends", token.ends.0)
        .about("by", whoever(by))
        .about("change", change)
}
