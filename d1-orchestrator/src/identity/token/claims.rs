//! What an access token says (RFC 9068 §2.2).

use d1_core::{AccountId, Scopes, SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// Who asks, for whom, with what, and what they may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The person.
    pub user: UserId,
    /// The account that pays, and to which everything done belongs.
    pub account: AccountId,
    /// The sign-in that it comes from; a token of one that was signed out is no good.
    pub session: SessionId,
    /// The program that signed in.
    pub client: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When the person proved who they are.
    pub signed_in: Timestamp,
}

/// The same on its way: every claim is required, and of its one type.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) aud: String,
    pub(super) sub: UserId,
    pub(super) exp: u64,
    pub(super) nbf: u64,
    pub(super) iat: u64,
    pub(super) jti: String,
    pub(super) client_id: String,
    pub(super) scope: Scopes,
    pub(super) sid: SessionId,
    pub(super) org: AccountId,
    pub(super) auth_time: u64,
}

impl From<Claims> for Bearer {
    fn from(claims: Claims) -> Self {
        Self {
            user: claims.sub,
            account: claims.org,
            session: claims.sid,
            client: claims.client_id,
            scopes: claims.scope,
            signed_in: Timestamp(claims.auth_time.saturating_mul(1_000)),
        }
    }
}
