//! Deciding about a program that asks by a code (RFC 8628 §3.3).
//!
//! 1. A person types the code, or finds it typed by the address they followed; it is looked
//!    up only when they say so.
//! 2. They are shown what asks: which program, from where, since when, and what for. They
//!    compare the code.
//! 3. They say yes, or no. What happens when they just press Enter is no.

use super::{
    super::auth::Form,
    gate::{is_our_form, signed_in, unavailable},
    html::{hidden, organisations, page, refusal, scopes, who},
};
use crate::compose::App;
use axum::{
    extract::{ConnectInfo, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use d1_core::{AccountId, Timestamp};
use d1_orchestrator::{Asked, Decided, Visitor};
use d1_protocol::api;
use maud::{Markup, html};
use std::net::SocketAddr;

/// The form for the code.
pub(super) async fn ask(
    State(app): State<App>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Form::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let typed = query.get("user_code").unwrap_or_default();
    match signed_in(&app, &headers, &here(typed)).await {
        Ok((visitor, token)) => form(StatusCode::OK, &visitor, &token, typed, None),
        Err(response) => response,
    }
}

/// What asks by this code.
pub(super) async fn look_up(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    form_data: Form,
) -> Response {
    let typed = form_data.get("user_code").unwrap_or_default();
    let (visitor, token) = match signed_in(&app, &headers, &here(typed)).await {
        Ok(signed_in) => signed_in,
        Err(response) => return response,
    };
    if !is_our_form(&app, &headers, form_data.get("form")) {
        return refusal(StatusCode::FORBIDDEN, "This form was made for another browser.");
    }
    if app.limits.type_code(peer.ip(), visitor.user).await.is_err() {
        return too_many();
    }
    match app.identity.asked(typed).await {
        Ok(Some(asked)) => panel(&visitor, &token, &asked, app.clock.now(), peer),
        Ok(None) => {
            let text = "Nothing asks by this code now. Codes are good for ten minutes, and once.";
            form(StatusCode::NOT_FOUND, &visitor, &token, "", Some(text))
        }
        Err(error) => {
            tracing::warn!(%error, "a code cannot be looked up");
            unavailable()
        }
    }
}

/// Yes, or no.
pub(super) async fn decide(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let (visitor, _) = match signed_in(&app, &headers, api::ACTIVATE).await {
        Ok(signed_in) => signed_in,
        Err(response) => return response,
    };
    if !is_our_form(&app, &headers, form.get("form")) {
        return refusal(StatusCode::FORBIDDEN, "This form was made for another browser.");
    }
    if app.limits.type_code(peer.ip(), visitor.user).await.is_err() {
        return too_many();
    }
    let yes = form.get("decision") == Some("approve");
    let account: Option<AccountId> = form.get("account").and_then(|it| it.parse().ok());
    if yes && account.is_none() {
        return refusal(StatusCode::BAD_REQUEST, "It was not said for which organisation.");
    }
    let typed = form.get("user_code").unwrap_or_default();
    match app.identity.decide(&visitor, typed, account.filter(|_| yes)).await {
        Ok(decided) => outcome(decided, yes),
        Err(error) => {
            tracing::warn!(%error, "a decision cannot be kept");
            unavailable()
        }
    }
}

fn outcome(decided: Decided, yes: bool) -> Response {
    match decided {
        Decided::Done if yes => {
            let body = html! { p { "The program is signed in. You can close this page and go back to it." } };
            page(StatusCode::OK, "Signed in", &body)
        }
        Decided::Done => {
            let body = html! { p { "The program was not signed in, and has been told so." } };
            page(StatusCode::OK, "Declined", &body)
        }
        Decided::Before => {
            refusal(StatusCode::CONFLICT, "This was decided before, and that stands.")
        }
        Decided::Gone => refusal(StatusCode::NOT_FOUND, "Nothing asks by this code now."),
        Decided::NotAMember => {
            refusal(StatusCode::FORBIDDEN, "You are not in that organisation any more.")
        }
    }
}

fn form(
    status: StatusCode,
    visitor: &Visitor,
    token: &str,
    typed: &str,
    trouble: Option<&str>,
) -> Response {
    let body = html! {
        @if let Some(trouble) = trouble { p.warn role="alert" { (trouble) } }
        form method="post" action=(api::ACTIVATE) {
            (hidden("form", token))
            label for="user_code" { "The code that your terminal shows" }
            input.code id="user_code" name="user_code" value=(typed) maxlength="16"
                autocomplete="off" autocapitalize="characters" spellcheck="false" required autofocus;
            button { "Continue" }
        }
        (who(visitor, token))
    };
    page(status, "Sign a program in", &body)
}

fn panel(
    visitor: &Visitor,
    token: &str,
    asked: &Asked,
    now: Timestamp,
    peer: SocketAddr,
) -> Response {
    let minutes = now.since(asked.began).as_secs() / 60;
    let same = asked.origin.address == peer.ip().to_canonical().to_string();
    let body = html! {
        p.code { (asked.user_code) }
        p.warn {
            "Go on only if you began this yourself and your own terminal shows this very code. "
            "Whoever sent it to you would be signed in as you."
        }
        (details(asked, minutes, same))
        form method="post" action=(api::DECIDE) {
            (hidden("form", token))
            (hidden("user_code", &asked.user_code))
            (organisations(visitor))
            // The first button is what Enter presses.
            button name="decision" value="decline" autofocus { "Decline" }
            button name="decision" value="approve" { "Sign it in" }
        }
        (who(visitor, token))
    };
    page(StatusCode::OK, "Sign this program in?", &body)
}

fn details(asked: &Asked, minutes: u64, same: bool) -> Markup {
    let unsaid = |text: &str| if text.is_empty() { "not said".to_owned() } else { text.to_owned() };
    let place = if same { "the address you are at, too" } else { "not the address you are at" };
    html! {
        dl {
            dt { "Program" }
            dd { (asked.client) }
            dt { "Device, as it calls itself" }
            dd { "“" (unsaid(&asked.origin.device)) "”" }
            dt { "From" }
            dd { (asked.origin.address) " (" (place) ")" }
            dt { "Program, as it calls itself" }
            dd { "“" (unsaid(&asked.origin.agent)) "”" }
            dt { "Asked" }
            dd { @if minutes == 0 { "less than a minute ago" } @else { (minutes) " min ago" } }
            dt { "It could" }
            dd { (scopes(&asked.scopes)) }
        }
    }
}

fn too_many() -> Response {
    let text = "Too many codes were typed. Try again in an hour.";
    refusal(StatusCode::TOO_MANY_REQUESTS, text)
}

/// This page, with the code that was typed.
fn here(typed: &str) -> String {
    if typed.is_empty() {
        return api::ACTIVATE.to_owned();
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    format!("{}?{}", api::ACTIVATE, query.append_pair("user_code", typed).finish())
}
