//! Who the caller is, their sign-ins, and the tokens that they made.

use d1_core::{AccountId, Role, Scopes, SessionId, UserId};
use serde::{Deserialize, Serialize};

/// Who the caller is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MeView {
    /// [`MeView::SCHEMA`]
    pub schema: String,
    /// The person; nobody stands behind the development token.
    pub user: Option<UserId>,
    /// What they sign in with.
    pub login: Option<String>,
    /// The account that pays for what this caller does.
    pub account: AccountId,
    /// What this caller may do now.
    pub scopes: Scopes,
    /// The organisations that the person is in, their own first.
    pub organisations: Vec<MembershipView>,
}

impl MeView {
    /// The name of its form.
    pub const SCHEMA: &str = "d1.me.v1";
}

/// An organisation that somebody is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MembershipView {
    /// Its account.
    pub account: AccountId,
    /// What it is called.
    pub name: String,
    /// What they are there.
    pub role: Role,
}

/// The caller's sign-ins, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionList {
    /// [`SessionList::SCHEMA`]
    pub schema: String,
    /// The sign-ins.
    pub sessions: Vec<SessionView>,
}

impl SessionList {
    /// The name of its form.
    pub const SCHEMA: &str = "d1.sessions.v1";
}

/// A sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionView {
    /// Which.
    pub id: SessionId,
    /// Whether it is the caller's own.
    pub current: bool,
    /// The program.
    pub client: String,
    /// What the device calls itself.
    pub device: String,
    /// The address it began from.
    pub address: String,
    /// What it may do at most.
    pub scopes: Scopes,
    /// When it began, in milliseconds since the Unix epoch.
    pub began: u64,
    /// When it last got tokens.
    pub used: u64,
}

/// The tokens that the caller made, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenList {
    /// [`TokenList::SCHEMA`]
    pub schema: String,
    /// The tokens, without what lets in.
    pub tokens: Vec<TokenView>,
}

impl TokenList {
    /// The name of its form.
    pub const SCHEMA: &str = "d1.tokens.v1";
}

/// A token that somebody made for a program of theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenView {
    /// Which.
    pub id: SessionId,
    /// What they call it.
    pub name: String,
    /// What it may do at most.
    pub scopes: Scopes,
    /// When it was made, in milliseconds since the Unix epoch.
    pub made: u64,
    /// Until when it is good.
    pub ends: u64,
}

/// What somebody wants a token for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewTokenRequest {
    /// What they call it: 1 to 64 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 64))]
    pub name: String,
    /// What it may do: what needs no person who says yes.
    #[cfg_attr(
        feature = "openapi",
        schema(value_type = String, pattern = r"^(setup:read|setup:write|credits:read|credits:write|device:read|device:link)( (setup:read|setup:write|credits:read|credits:write|device:read|device:link))*$")
    )]
    pub scopes: Scopes,
    /// Days for which it is good: 1 to 365.
    #[serde(deserialize_with = "super::whole::number")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 365))]
    pub days: u32,
}

/// A new token. What lets in is told this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewTokenView {
    /// [`NewTokenView::SCHEMA`]
    pub schema: String,
    /// What lets in.
    pub secret: String,
    /// The rest of it.
    pub token: TokenView,
}

impl NewTokenView {
    /// The name of its form.
    pub const SCHEMA: &str = "d1.new-token.v1";
}

/// Never prints what lets in.
impl std::fmt::Debug for NewTokenView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewTokenView").field("token", &self.token).finish_non_exhaustive()
    }
}
