//! A program begins to sign somebody in, by a code that is typed (RFC 8628 §3.1).

use super::core::Identity;
use crate::identity::{
    client::Client,
    pkce::Challenge,
    records::{Grant, Origin, State, Way},
    refusal::SignInError,
    secret::{Purpose, Secret},
    user_code::UserCode,
};
use d1_core::Scopes;
use std::time::Duration;

/// How long a person has to decide.
pub(super) const CODE_LIFE: Duration = Duration::from_secs(600);
/// How often another code is made because the first was somebody's.
const ATTEMPTS: usize = 5;

/// A program asks to be signed in.
#[derive(Clone, Debug, Default)]
pub struct DeviceAsk<'a> {
    /// Which program.
    pub client: &'a str,
    /// What it asks for; what is usual when it does not say.
    pub scope: Option<&'a str>,
    /// Where its tokens are to be used (RFC 8707).
    pub resource: Option<&'a str>,
    /// By what it will prove that it began (RFC 7636), and how that is made.
    pub challenge: Option<(&'a str, Option<&'a str>)>,
    /// Where it asks from.
    pub origin: Origin,
}

/// What it is told (RFC 8628 §3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceAnswer {
    /// What it collects its tokens with.
    pub device_code: String,
    /// What the person types.
    pub user_code: String,
    /// Seconds until both are over.
    pub expires_in: u64,
    /// Seconds between two polls.
    pub interval: u64,
}

impl Identity {
    /// Begins a sign-in that a person decides about on another screen.
    pub async fn begin_by_code(&self, ask: DeviceAsk<'_>) -> Result<DeviceAnswer, SignInError> {
        let client = Client::named(ask.client).ok_or(SignInError::InvalidClient)?;
        let scopes = scopes(ask.scope)?;
        if let Some(fenced) = scopes.iter().find(|scope| !scope.by_device_code()) {
            return Err(SignInError::InvalidScope(format!(
                "`{fenced}` is not given by a code that is typed; sign in with a browser on the same machine"
            )));
        }
        self.is_resource(ask.resource)?;
        let challenge = ask.challenge.map(|(challenge, method)| read_challenge(challenge, method));
        let now = self.clock.now();
        let grant = Grant {
            client: client.id.to_owned(),
            scopes,
            origin: ask.origin,
            began: now,
            expires: now.after(CODE_LIFE),
            challenge: challenge.transpose()?,
            way: Way::Code { interval: Grant::INTERVAL, polled: None },
            state: State::Pending,
        };
        for _ in 0..ATTEMPTS {
            let (device, user) = (Secret::new(Purpose::DeviceCode)?, UserCode::new()?);
            if self.shelf.create(device.digest(), vec![user.digest()], &grant).await? {
                return Ok(DeviceAnswer {
                    device_code: device.text(),
                    user_code: user.to_string(),
                    expires_in: CODE_LIFE.as_secs(),
                    interval: Grant::INTERVAL,
                });
            }
        }
        Err(SignInError::Unavailable("every code that was tried is somebody's".into()))
    }

    /// Whether tokens are given for this resource: none named means ours.
    pub(super) fn is_resource(&self, resource: Option<&str>) -> Result<(), SignInError> {
        let ours = resource.is_none_or(|resource| resource == self.tokens.audience());
        ours.then_some(()).ok_or(SignInError::InvalidTarget)
    }
}

/// What is asked for, or what is usual.
pub(super) fn scopes(asked: Option<&str>) -> Result<Scopes, SignInError> {
    let Some(asked) = asked.filter(|asked| !asked.is_empty()) else {
        return Ok(Client::usual_scopes());
    };
    let scopes: Scopes = asked
        .parse()
        .map_err(|error: d1_core::ScopeError| SignInError::InvalidScope(error.to_string()))?;
    if scopes.is_empty() {
        return Err(SignInError::InvalidScope("no scope is asked for".to_owned()));
    }
    Ok(scopes)
}

pub(super) fn read_challenge(text: &str, method: Option<&str>) -> Result<Challenge, SignInError> {
    let why = "the code_challenge is not one, or its method is not S256";
    Challenge::read(text, method).ok_or(SignInError::InvalidRequest(why))
}
