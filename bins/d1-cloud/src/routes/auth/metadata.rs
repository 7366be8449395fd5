//! What the authorization server says of itself (RFC 8414), and its keys (RFC 7517).

use super::answer::OAuthRefusal;
use crate::compose::App;
use axum::{
    Json,
    extract::State,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::{IntoResponse as _, Response},
};
use d1_core::Scope;
use d1_orchestrator::SignInError;
use d1_protocol::api;
use serde::Serialize;
use utoipa::ToSchema;

/// Programs may keep these for five minutes: a key is published long before it signs.
const KEPT: &str = "public, max-age=300";

/// What an authorization server says of itself (RFC 8414 §2).
#[derive(Debug, Serialize, ToSchema)]
struct Metadata {
    issuer: String,
    device_authorization_endpoint: String,
    token_endpoint: String,
    authorization_endpoint: String,
    revocation_endpoint: String,
    jwks_uri: String,
    scopes_supported: &'static [Scope],
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: [&'static str; 3],
    code_challenge_methods_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: [&'static str; 1],
    revocation_endpoint_auth_methods_supported: [&'static str; 1],
    authorization_response_iss_parameter_supported: bool,
}

/// Keys (RFC 7517 §5).
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what the keys write themselves")]
struct KeySet {
    /// Each is an object by the rules of its kind.
    keys: Vec<serde_json::Map<String, serde_json::Value>>,
}

/// What is offered.
#[utoipa::path(
    get, path = api::AUTH_METADATA, operation_id = "getAuthMetadata", tag = "auth",
    responses((status = 200, body = Metadata)),
)]
pub(super) async fn metadata(State(app): State<App>) -> Response {
    let at = |path: &str| format!("{}{path}", app.people.address);
    let body = Metadata {
        issuer: app.people.address.to_string(),
        device_authorization_endpoint: at(api::DEVICE_CODE),
        token_endpoint: at(api::AUTH_TOKEN),
        authorization_endpoint: at(api::AUTHORIZE),
        revocation_endpoint: at(api::AUTH_REVOKE),
        jwks_uri: at(api::JWKS),
        scopes_supported: Scope::ALL,
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: [
            "urn:ietf:params:oauth:grant-type:device_code",
            "authorization_code",
            "refresh_token",
        ],
        code_challenge_methods_supported: ["S256"],
        token_endpoint_auth_methods_supported: ["none"],
        revocation_endpoint_auth_methods_supported: ["none"],
        authorization_response_iss_parameter_supported: true,
    };
    ([(CACHE_CONTROL, KEPT)], Json(body)).into_response()
}

/// The keys by which access tokens are verified.
#[utoipa::path(
    get, path = api::JWKS, operation_id = "getKeys", tag = "auth",
    responses((status = 200, body = KeySet, content_type = "application/jwk-set+json")),
)]
pub(super) async fn jwks(State(app): State<App>) -> Result<Response, OAuthRefusal> {
    let keys = app.people.keys.jwks().await.map_err(SignInError::from)?;
    let kind = "application/jwk-set+json";
    Ok(([(CACHE_CONTROL, KEPT), (CONTENT_TYPE, kind)], keys).into_response())
}
