//! How often anybody may try to sign in. While nobody can be counted, nobody may: whoever
//! guesses must not be helped by a counter that is down.

use super::{Limits, LimitsError, MINUTE, answer, name, stranger};
use crate::refusal::Refusal;
use axum::http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
use d1_core::{Ask, Class, Decision, Digest, Limit, LimitKey, UserId};
use std::{net::IpAddr, time::Duration};

const HOUR: Duration = Duration::from_secs(3_600);

/// Sign-ins that programs begin, from one address in a minute.
const BEGINS: u32 = 10;
/// Codes and tokens that were never given out, from one address in a minute.
const GUESSES: u32 = 30;
/// Steps of a sign-in at another provider, from one address in a minute: two for each.
const ELSEWHERE: u32 = 20;
/// Codes that are typed, by one person and from one address in an hour. There are 2^34 codes.
const CODES: u32 = 60;
/// Passwords, from one address in a minute.
const PASSWORDS: u32 = 10;
/// Passwords for one name in an hour, wherever from (NIST SP 800-63B allows a hundred in all
/// before it helps to wait).
const FOR_ONE_NAME: u32 = 60;

/// The limits of signing in.
#[derive(Clone, Debug)]
pub(super) struct AuthLimits {
    begins: Limit,
    guesses: Limit,
    codes: Limit,
    passwords: Limit,
    for_one_name: Limit,
    elsewhere: Limit,
}

impl AuthLimits {
    pub(super) fn new() -> Result<Self, LimitsError> {
        let limit = |name: &str, burst, per| -> Result<Limit, LimitsError> {
            Ok(Limit::new(name.parse()?, Class::Strangers, burst, per)?)
        };
        Ok(Self {
            begins: limit("auth-begins", BEGINS, MINUTE)?,
            guesses: limit("auth-guesses", GUESSES, MINUTE)?,
            codes: limit("auth-codes", CODES, HOUR)?,
            passwords: limit("auth-passwords", PASSWORDS, MINUTE)?,
            for_one_name: limit("auth-name", FOR_ONE_NAME, HOUR)?,
            elsewhere: limit("auth-elsewhere", ELSEWHERE, MINUTE)?,
        })
    }
}

impl Limits {
    /// Counts a program that begins; the fields of the refusal tell when it may.
    pub(crate) async fn begin(&self, from: IpAddr) -> Result<(), HeaderMap> {
        self.count_one(stranger(from), &self.auth.begins).await
    }

    /// Whether an address may show a code or token: it has not guessed too often.
    pub(crate) async fn may_guess(&self, from: IpAddr) -> Result<(), HeaderMap> {
        let Ok(owner) = stranger(from) else { return Err(HeaderMap::new()) };
        let look = Ask { quantity: 0, ..Ask::one(&self.auth.guesses) };
        match self.shared.check(&owner, &[look]).await {
            Ok(Decision::Allow(Some(standing))) if standing.remaining == 0 => {
                let wait = standing.reset_after.as_secs().max(1);
                Err(HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from(wait))]))
            }
            said => fields_of(said),
        }
    }

    /// Counts a code or token that was never given out.
    pub(crate) async fn guessed(&self, from: IpAddr) {
        // What cannot be counted now is refused at the next guess.
        drop(self.count_one(stranger(from), &self.auth.guesses).await);
    }

    /// Counts a code that a person types.
    pub(crate) async fn type_code(&self, from: IpAddr, person: UserId) -> Result<(), HeaderMap> {
        self.count_one(stranger(from), &self.auth.codes).await?;
        self.count_one(name(&format!("user:{person}")), &self.auth.codes).await
    }

    /// Counts a password: by where it comes from, and by whose it would be.
    pub(crate) async fn sign_in(&self, from: IpAddr, login: &str) -> Result<(), HeaderMap> {
        self.count_one(stranger(from), &self.auth.passwords).await?;
        let login = Digest::of(login.to_ascii_lowercase().as_bytes()).to_string();
        self.count_one(name(&format!("login:{}", &login[..32])), &self.auth.for_one_name).await
    }

    /// Counts a step of a sign-in at another provider, which is asked for each.
    pub(crate) async fn sign_in_elsewhere(&self, from: IpAddr) -> Result<(), HeaderMap> {
        self.count_one(stranger(from), &self.auth.elsewhere).await
    }

    async fn count_one(
        &self,
        owner: Result<LimitKey, Refusal>,
        limit: &Limit,
    ) -> Result<(), HeaderMap> {
        let Ok(owner) = owner else { return Err(HeaderMap::new()) };
        fields_of(self.shared.check(&owner, &[Ask::one(limit)]).await)
    }
}

fn fields_of(said: Result<Decision, d1_core::LimiterError>) -> Result<(), HeaderMap> {
    let said = said.map_err(|error| super::out_of_order(&error));
    said.and_then(answer).map(drop).map_err(|refusal| refusal.fields().clone())
}
