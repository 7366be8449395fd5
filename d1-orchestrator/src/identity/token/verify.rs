//! Verifying access tokens (RFC 9068 §4, with the advice of RFC 8725).
//!
//! 1. Its size, before anything of it is read.
//! 2. Its header: our algorithm, our type, a key of ours by name, and nothing else. No key and
//!    no address that a token brings along is ever used.
//! 3. Its signature, and only then its claims: every one there, issuer and audience ours.
//! 4. Its time, by our clock.

use super::{
    claims::{Bearer, Claims},
    error::{RefusedToken, TokenError},
    issue::{ACCESS_TOKEN_LIFE, AccessTokens, TYPE},
};
use crate::identity::keys::Keys;
use d1_core::Clock;
use jsonwebtoken::{Algorithm, Header, Validation, errors::ErrorKind};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// By how much clocks of servers may differ.
pub const LEEWAY: Duration = Duration::from_secs(5);

/// The most bytes of a token: ours have fewer than a thousand.
const MAX_BYTES: usize = 4 * 1024;

impl AccessTokens {
    /// Who bears this token, if it is ours and good now.
    pub async fn verify(&self, token: &str) -> Result<Bearer, TokenError> {
        let mut rules = Validation::new(Algorithm::ES256);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[&self.audience]);
        rules.set_required_spec_claims(&["aud", "exp", "iss", "nbf", "sub"]);
        let claims: Claims = read(&self.keys, token, TYPE, rules).await?;
        let times = Times { iat: claims.iat, nbf: claims.nbf, exp: claims.exp };
        times.are_good(&*self.clock, ACCESS_TOKEN_LIFE)?;
        Ok(claims.into())
    }
}

/// What a token of this type claims, if it is signed with a key of ours and keeps to the rules.
pub(super) async fn read<T: DeserializeOwned>(
    keys: &Keys,
    token: &str,
    kind: &str,
    mut rules: Validation,
) -> Result<T, TokenError> {
    if token.len() > MAX_BYTES {
        return Err(RefusedToken::TooLong.into());
    }
    let kid = key_named(token, kind)?;
    let mut ring = keys.ring().await?;
    if ring.that_signed(&kid).is_none() {
        ring = keys.ring_for_unknown().await?;
    }
    let key = ring.that_signed(&kid).ok_or(RefusedToken::UnknownKey)?;
    // The library would ask the machine for the time; ours comes from a clock.
    (rules.validate_exp, rules.validate_nbf) = (false, false);
    #[expect(clippy::disallowed_methods, reason = "the one place that verifies")]
    let read = jsonwebtoken::decode::<T>(token, &key.verifies, &rules);
    Ok(read.map(|read| read.claims).map_err(|error| why(error.kind()))?)
}

/// The moments of a token, in seconds.
pub(super) struct Times {
    pub(super) iat: u64,
    pub(super) nbf: u64,
    pub(super) exp: u64,
}

impl Times {
    /// Whether it is good now, and for no longer than its kind is.
    pub(super) fn are_good(&self, clock: &dyn Clock, life: Duration) -> Result<(), RefusedToken> {
        let (now, leeway) = (clock.now().0 / 1_000, LEEWAY.as_secs());
        if self.nbf.max(self.iat) > now + leeway {
            return Err(RefusedToken::NotYet);
        }
        if now >= self.exp.saturating_add(leeway) {
            return Err(RefusedToken::Expired);
        }
        if self.exp.saturating_sub(self.iat) > life.as_secs() {
            return Err(RefusedToken::LivesTooLong);
        }
        Ok(())
    }
}

/// The key that a token says it is signed by, if its header is like ours and of this type.
fn key_named(token: &str, kind: &str) -> Result<String, RefusedToken> {
    #[expect(clippy::disallowed_methods, reason = "the one place that verifies")]
    let header = jsonwebtoken::decode_header(token).map_err(|error| why(error.kind()))?;
    if header.alg != Algorithm::ES256 {
        return Err(RefusedToken::Algorithm);
    }
    if header.typ.as_deref() != Some(kind) {
        return Err(RefusedToken::Type);
    }
    let kid = header.kid.clone().ok_or(RefusedToken::Malformed)?;
    let ours =
        Header { typ: header.typ.clone(), kid: header.kid.clone(), ..Header::new(header.alg) };
    if header == ours { Ok(kid) } else { Err(RefusedToken::Header) }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the library adds kinds; each is a refusal")]
fn why(kind: &ErrorKind) -> RefusedToken {
    match kind {
        ErrorKind::InvalidSignature => RefusedToken::Signature,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => RefusedToken::Algorithm,
        ErrorKind::InvalidIssuer => RefusedToken::Issuer,
        ErrorKind::InvalidAudience => RefusedToken::Audience,
        _ => RefusedToken::Malformed,
    }
}
