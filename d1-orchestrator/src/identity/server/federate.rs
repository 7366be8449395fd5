//! A person in a browser who signs in at another provider (OpenID Connect Core 1.0 §3.1).
//!
//! 1. The browser is sent there with a state, a nonce and a challenge, all derived from what it
//!    keeps: only this browser can come back, and only once.
//! 2. It comes back with a code, which is exchanged for what the provider says of the person.
//! 3. Whoever is linked to that is signed in. Whether somebody new is let in is for whoever
//!    looks after the server to say.

use super::core::Identity;
use crate::identity::{
    records::{DETOUR_LIFE, Detour},
    refusal::SignInError,
    secret::{Purpose, Secret},
    upstream::{Upstream, UpstreamError, Vouched},
};
use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use d1_core::{
    AccountId, AuditEntry, AuditKind, DirectoryError, LoginName, Organisation, User, UserId,
};

/// How many names are tried for somebody new before a plain one is taken.
const NAMES: u32 = 20;

/// What a browser came back with.
#[derive(Clone, Copy, Debug, Default)]
pub struct UpstreamAnswer<'a> {
    /// `state`
    pub state: &'a str,
    /// `code`
    pub code: Option<&'a str>,
    /// `error`
    pub error: Option<&'a str>,
    /// `iss` (RFC 9207)
    pub issuer: Option<&'a str>,
}

/// Somebody for whom the other provider vouches and whom nobody here knows.
#[derive(Clone, Debug)]
pub struct Stranger {
    vouched: Vouched,
    next: String,
}

/// What came of somebody who came back.
#[derive(Debug)]
pub enum Arrival {
    /// They are signed in.
    SignedIn {
        /// What their browser keeps.
        kept: String,
        /// Where they were.
        next: String,
    },
    /// Nobody here knows them.
    Stranger(Stranger),
    /// They are kept out.
    KeptOut,
    /// The other provider did not let them in, or they did not want it to.
    Declined,
    /// They were not sent there from this browser, or came back before, or too late.
    NotSent,
    /// What it says cannot be believed, or it says nothing.
    Failed(UpstreamError),
}

impl Identity {
    /// Where to send a browser that keeps this (see [`Identity::new_form_secret`]), so that its
    /// person signs in there. `None` when it keeps nothing of ours.
    pub async fn send_away(
        &self,
        upstream: &Upstream,
        kept: &str,
        next: &str,
    ) -> Result<Option<Result<String, UpstreamError>>, SignInError> {
        let Some(browser) = Secret::read(Purpose::Form, kept) else { return Ok(None) };
        let state = Secret::new(Purpose::Detour)?;
        let (nonce, verifier) =
            (derived(&browser, &state, "nonce"), derived(&browser, &state, "pkce"));
        let door = match upstream.door(state.text(), nonce, verifier).await {
            Ok(door) => door,
            Err(error) => return Ok(Some(Err(error))),
        };
        let ends = self.clock.now().after(DETOUR_LIFE);
        let (browser, next) = (browser.digest(), next.to_owned());
        let detour = Detour { browser, next, ends, is_back: false };
        self.shelf.create(state.digest(), Vec::new(), &detour).await?;
        Ok(Some(Ok(door)))
    }

    /// Signs in whoever came back.
    pub async fn come_back(
        &self,
        upstream: &Upstream,
        kept: &str,
        answer: UpstreamAnswer<'_>,
    ) -> Result<Arrival, SignInError> {
        let secrets =
            Secret::read(Purpose::Form, kept).zip(Secret::read(Purpose::Detour, answer.state));
        let Some((browser, state)) = secrets else { return Ok(Arrival::NotSent) };
        let back = self.shelf.update(state.digest(), |detour: &mut Detour, now| {
            let is_good =
                !detour.is_back && detour.browser == browser.digest() && now < detour.ends;
            detour.is_back |= is_good;
            is_good.then(|| detour.next.clone())
        });
        let Some(next) = back.await?.flatten() else { return Ok(Arrival::NotSent) };
        // Another provider that mixes itself in has another name.
        if answer.issuer.is_some_and(|issuer| issuer != upstream.issuer()) {
            self.note_refused(None, "another provider answered").await;
            return Ok(Arrival::NotSent);
        }
        let (None, Some(code)) = (answer.error, answer.code) else {
            self.note_refused(None, "the other provider did not let them in").await;
            return Ok(Arrival::Declined);
        };
        let (nonce, verifier) =
            (derived(&browser, &state, "nonce"), derived(&browser, &state, "pkce"));
        match upstream.redeem(code.to_owned(), nonce, verifier).await {
            Ok(vouched) => self.arrive(vouched, next).await,
            Err(error) => {
                self.note_refused(None, "the other provider is not believed").await;
                Ok(Arrival::Failed(error))
            }
        }
    }

    async fn arrive(&self, vouched: Vouched, next: String) -> Result<Arrival, SignInError> {
        match self.directory.user_federated(&vouched.id).await? {
            Some(user) if user.disabled => {
                self.note_refused(Some(user.id), "is kept out").await;
                Ok(Arrival::KeptOut)
            }
            Some(user) => {
                let kept = self.begin_visit(user.id, "by another provider").await?;
                Ok(Arrival::SignedIn { kept, next })
            }
            None => Ok(Arrival::Stranger(Stranger { vouched, next })),
        }
    }

    /// Writes down that somebody new is not let in.
    pub async fn turn_away(&self, _stranger: &Stranger) {
        self.note_refused(None, "nobody here is linked to them").await;
    }

    /// Lets somebody new in, with `account` for their own organisation, and signs them in.
    pub async fn admit(
        &self,
        stranger: Stranger,
        account: AccountId,
    ) -> Result<Arrival, SignInError> {
        let Stranger { vouched, next } = stranger;
        let (id, created) = (UserId::generate(), self.clock.now());
        let entry = AuditEntry::new(AuditKind::PersonChanged).about("user", id);
        let entry = entry.about("change", "added").about("account", account);
        self.note(entry.about("by", "another provider")).await?;
        for name in names(&vouched, id) {
            let home = Organisation { account, name: name.to_string(), created };
            let user = User { id, login: name, password: None, disabled: false, created };
            match self.directory.add_user(&user, &home).await {
                Err(DirectoryError::Taken(_)) => {}
                added => {
                    added?;
                    break;
                }
            }
        }
        match self.directory.link_user(id, &vouched.id).await {
            // They came twice at once, and the other one was first.
            Err(DirectoryError::Linked(_)) => {}
            linked => linked?,
        }
        self.arrive(vouched, next).await
    }
}

/// What somebody new may be called, the best first; the last one nobody else has.
fn names(vouched: &Vouched, id: UserId) -> impl Iterator<Item = LoginName> + use<> {
    let wish = vouched.name.clone().filter(|name| name.parse::<LoginName>().is_ok());
    let numbered = wish.into_iter().flat_map(|wish| {
        let more = (2..NAMES).map({
            let wish = wish.clone();
            move |index| format!("{wish}-{index}")
        });
        std::iter::once(wish).chain(more)
    });
    numbered.chain([id.to_string()]).filter_map(|name| name.parse().ok())
}

/// What comes back, or is shown when it is exchanged: only this browser's, only this time's.
fn derived(browser: &Secret, state: &Secret, what: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, browser.bytes());
    let mut text = format!("d1 upstream {what} ").into_bytes();
    text.extend(state.bytes());
    BASE64.encode(hmac::sign(&key, &text))
}
