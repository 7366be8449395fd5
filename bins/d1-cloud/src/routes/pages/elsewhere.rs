//! Signing in at another provider of identities (OpenID Connect Core 1.0 §3.1).

use super::{
    super::auth::Form,
    cookie,
    gate::unavailable,
    html::{page, refusal},
    sign_in::{go, safe},
};
use crate::{
    compose::App,
    ledger,
    upstream::{Admits, Provider},
};
use axum::{
    extract::{ConnectInfo, RawQuery, State},
    http::{HeaderMap, StatusCode, header::SET_COOKIE},
    response::Response,
};
use d1_core::{AccountId, Amount};
use d1_orchestrator::{Arrival, SignInError, Stranger, UpstreamAnswer, UpstreamError};
use d1_protocol::api;
use maud::html;
use std::net::SocketAddr;

/// Sends a browser there.
pub(super) async fn go_there(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(provider) = &app.people.provider else { return nowhere() };
    if app.limits.sign_in_elsewhere(peer.ip()).await.is_err() {
        return again(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many have tried to sign in. Try again in a few minutes.",
        );
    }
    let query = Form::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let next = safe(query.get("next").unwrap_or_default());
    let kept =
        cookie::kept(&headers, cookie::FORM).filter(|kept| app.identity.form_token(kept).is_some());
    let (kept, is_new) = match kept {
        Some(kept) => (kept.to_owned(), false),
        None => match app.identity.new_form_secret() {
            Ok(kept) => (kept, true),
            Err(_no_random) => return unavailable(),
        },
    };
    match app.identity.send_away(&provider.upstream, &kept, next).await {
        Ok(Some(Ok(door))) => {
            let mut response = go(&door);
            if is_new {
                response.headers_mut().append(SET_COOKIE, cookie::keep(cookie::FORM, &kept));
            }
            response
        }
        Ok(Some(Err(error))) => failed(provider, &error),
        Ok(None) => not_sent(),
        Err(error) => out_of_order(&error),
    }
}

/// Signs in whoever comes back.
pub(super) async fn come_back(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(provider) = &app.people.provider else { return nowhere() };
    if app.limits.sign_in_elsewhere(peer.ip()).await.is_err() {
        return again(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many have tried to sign in. Try again in a few minutes.",
        );
    }
    let Ok(query) = Form::read(query.unwrap_or_default().as_bytes()) else { return not_sent() };
    let kept = cookie::kept(&headers, cookie::FORM).unwrap_or_default();
    let answer = UpstreamAnswer {
        state: query.get("state").unwrap_or_default(),
        code: query.get("code"),
        error: query.get("error"),
        issuer: query.get("iss"),
    };
    match app.identity.come_back(&provider.upstream, kept, answer).await {
        Ok(Arrival::Stranger(stranger)) => match provider.admits {
            Admits::Linked => {
                app.identity.turn_away(&stranger).await;
                let text =
                    "You are not somebody here. Ask whoever looks after this server to link you.";
                again(StatusCode::FORBIDDEN, text)
            }
            Admits::Everybody => settle(provider, admit(&app, stranger).await),
        },
        arrival => settle(provider, arrival),
    }
}

/// Lets somebody new in, with an account of their own.
async fn admit(app: &App, stranger: Stranger) -> Result<Arrival, SignInError> {
    let account = AccountId::generate();
    // Before them: an account without a person harms nobody.
    let opened = ledger::begin(&app.credits.ledger, account, Amount::ZERO).await;
    opened.map_err(|error| SignInError::Unavailable(error.into()))?;
    app.identity.admit(stranger, account).await
}

fn settle(provider: &Provider, arrival: Result<Arrival, SignInError>) -> Response {
    match arrival {
        Ok(Arrival::SignedIn { kept, next }) => {
            let mut response = go(safe(&next));
            response.headers_mut().append(SET_COOKIE, cookie::keep(cookie::VISIT, &kept));
            response.headers_mut().append(SET_COOKIE, cookie::forget(cookie::FORM));
            response
        }
        Ok(Arrival::KeptOut) => again(StatusCode::FORBIDDEN, "You are kept out of this server."),
        Ok(Arrival::Declined) => {
            let text = format!("{} did not let you in, or you did not want it to.", provider.label);
            again(StatusCode::FORBIDDEN, &text)
        }
        Ok(Arrival::Failed(error)) => failed(provider, &error),
        Ok(Arrival::NotSent | Arrival::Stranger(_)) => not_sent(),
        Err(error) => out_of_order(&error),
    }
}

fn not_sent() -> Response {
    let text = "This browser was not sent there from here, or came back before, or took too long.";
    again(StatusCode::BAD_REQUEST, text)
}

fn failed(provider: &Provider, error: &UpstreamError) -> Response {
    tracing::warn!(?error, "nobody can sign in elsewhere");
    let text = format!("{} cannot say who you are at this moment.", provider.label);
    again(StatusCode::BAD_GATEWAY, &text)
}

fn out_of_order(error: &SignInError) -> Response {
    tracing::warn!(%error, "nobody can sign in");
    unavailable()
}

fn nowhere() -> Response {
    refusal(StatusCode::NOT_FOUND, "People sign in at this server alone.")
}

fn again(status: StatusCode, text: &str) -> Response {
    let body = html! {
        p.warn role="alert" { (text) }
        p { a href=(api::SIGN_IN) { "Sign in in another way" } }
    };
    page(status, "Not signed in", &body)
}
