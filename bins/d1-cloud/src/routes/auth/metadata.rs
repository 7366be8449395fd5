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
use serde_json::json;

/// Programs may keep these for five minutes: a key is published long before it signs.
const KEPT: &str = "public, max-age=300";

/// What is offered.
pub(super) async fn metadata(State(app): State<App>) -> Response {
    let at = |path: &str| format!("{}{path}", app.people.address);
    let scopes: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    let body = json!({
        "issuer": &*app.people.address,
        "device_authorization_endpoint": at(api::DEVICE_CODE),
        "token_endpoint": at(api::AUTH_TOKEN),
        "authorization_endpoint": at(api::AUTHORIZE),
        "revocation_endpoint": at(api::AUTH_REVOKE),
        "jwks_uri": at(api::JWKS),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "urn:ietf:params:oauth:grant-type:device_code",
            "authorization_code",
            "refresh_token",
        ],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": true,
    });
    ([(CACHE_CONTROL, KEPT)], Json(body)).into_response()
}

/// The keys by which access tokens are verified.
pub(super) async fn jwks(State(app): State<App>) -> Result<Response, OAuthRefusal> {
    let keys = app.people.keys.jwks().await.map_err(SignInError::from)?;
    let kind = "application/jwk-set+json";
    Ok(([(CACHE_CONTROL, KEPT), (CONTENT_TYPE, kind)], keys).into_response())
}
