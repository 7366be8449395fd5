//! A program gets its tokens, the next ones, and ends them.

use super::{
    answer::{OAuthError, OAuthRefusal, Tokens, tokens},
    form::{FORM, Form},
    forms::{RevokeForm, TokenForm},
};
use crate::compose::App;
use axum::{
    extract::{ConnectInfo, State},
    http::StatusCode,
    response::Response,
};
use d1_orchestrator::{SignInError, TokenAnswer};
use d1_protocol::api;
use std::net::SocketAddr;

/// Gives out tokens (RFC 6749 §4.1.3 and §6, RFC 8628 §3.4).
#[utoipa::path(
    post, path = api::AUTH_TOKEN, operation_id = "getTokens", tag = "auth",
    request_body(content = TokenForm, content_type = FORM),
    responses((status = 200, body = Tokens<'_>), (status = "4XX", body = OAuthError)),
)]
pub(super) async fn token(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    form: Form,
) -> Result<Response, OAuthRefusal> {
    app.limits.may_guess(peer.ip()).await.map_err(OAuthRefusal::too_many)?;
    let answer = grant(&app, &form).await;
    if matches!(answer, Err(SignInError::InvalidGrant)) {
        // Whoever shows what was never given out may be guessing.
        app.limits.guessed(peer.ip()).await;
    }
    Ok(tokens(&answer?))
}

async fn grant(app: &App, form: &Form) -> Result<TokenAnswer, SignInError> {
    let kind = form.need("grant_type", "the grant_type is missing")?;
    let client = form.need("client_id", "the client_id is missing")?;
    let (identity, verifier) = (&app.identity, form.get("code_verifier"));
    match kind {
        "urn:ietf:params:oauth:grant-type:device_code" => {
            let code = form.need("device_code", "the device_code is missing")?;
            identity.collect(client, code, verifier).await
        }
        "authorization_code" => {
            let code = form.need("code", "the code is missing")?;
            let answer_at = form.need("redirect_uri", "the redirect_uri is missing")?;
            let why = "the code_verifier is missing";
            let verifier = verifier.ok_or(SignInError::InvalidRequest(why))?;
            identity.exchange(client, code, answer_at, verifier).await
        }
        "refresh_token" => {
            let token = form.need("refresh_token", "the refresh_token is missing")?;
            identity.refresh(client, token, form.get("scope"), form.get("resource")).await
        }
        _ => Err(SignInError::UnsupportedGrantType),
    }
}

/// Ends a sign-in (RFC 7009). A token that is not known is as good as ended.
#[utoipa::path(
    post, path = api::AUTH_REVOKE, operation_id = "revokeToken", tag = "auth",
    request_body(content = RevokeForm, content_type = FORM),
    responses((status = 200, description = "it is over, or was"), (status = "4XX", body = OAuthError)),
)]
pub(super) async fn revoke(State(app): State<App>, form: Form) -> Result<StatusCode, OAuthRefusal> {
    let client = form.need("client_id", "the client_id is missing")?;
    let token = form.need("token", "the token is missing")?;
    app.identity.revoke(client, token).await?;
    Ok(StatusCode::OK)
}
