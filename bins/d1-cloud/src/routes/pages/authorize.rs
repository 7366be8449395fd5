//! Letting a program on the same machine in (RFC 6749 §4.1, RFC 8252).
//!
//! Until it is certain that an answer may be sent to the program, nothing is sent to it, and
//! the person is told. From then on the program is told everything, its `state` and who we
//! are included (RFC 9207).

use super::{
    super::auth::Form,
    gate::{is_our_form, signed_in, unavailable},
    html::{hidden, organisations, page, refusal, scopes, who},
    sign_in::go,
};
use crate::{compose::App, routes::auth::origin};
use axum::{
    extract::{ConnectInfo, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_SECURITY_POLICY},
    response::Response,
};
use d1_core::AccountId;
use d1_orchestrator::{BrowserAsk, SignInError, Visitor};
use d1_protocol::api;
use maud::html;
use std::net::SocketAddr;

/// What comes along from the question to the answer.
const FIELDS: [&str; 8] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "state",
    "scope",
    "resource",
    "code_challenge",
    "code_challenge_method",
];

/// Asks the person.
pub(super) async fn ask(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let Ok(form) = Form::read(query.as_bytes()) else {
        return refusal(StatusCode::BAD_REQUEST, "The program asks for something twice.");
    };
    let asked = match understand(&app, &form, peer, &headers) {
        Ok(asked) => asked,
        Err(response) => return response,
    };
    match signed_in(&app, &headers, &format!("{}?{query}", api::AUTHORIZE)).await {
        Ok((visitor, token)) => panel(&visitor, &token, &form, &asked),
        Err(response) => response,
    }
}

/// Answers the program.
pub(super) async fn decide(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let asked = match understand(&app, &form, peer, &headers) {
        Ok(asked) => asked,
        Err(response) => return response,
    };
    let visitor = match signed_in(&app, &headers, api::ACTIVATE).await {
        Ok((visitor, _)) => visitor,
        Err(response) => return response,
    };
    if !is_our_form(&app, &headers, form.get("form")) {
        return refusal(StatusCode::FORBIDDEN, "This form was made for another browser.");
    }
    if form.get("decision") != Some("approve") {
        return answer(&app, &form, &[("error", "access_denied")]);
    }
    let account: Option<AccountId> = form.get("account").and_then(|it| it.parse().ok());
    let Some(account) = account else {
        return refusal(StatusCode::BAD_REQUEST, "It was not said for which organisation.");
    };
    match app.identity.let_in(&visitor, asked, account).await {
        Ok(Some(code)) => answer(&app, &form, &[("code", &code)]),
        Ok(None) => answer(&app, &form, &[("error", "access_denied")]),
        Err(error) => {
            tracing::warn!(%error, "a program cannot be let in");
            unavailable()
        }
    }
}

/// What the program asks for, or what to answer.
fn understand(
    app: &App,
    form: &Form,
    peer: SocketAddr,
    headers: &HeaderMap,
) -> Result<BrowserAsk, Response> {
    let get = |name: &str| form.get(name).unwrap_or_default();
    let (client, answer_at) = (get("client_id"), get("redirect_uri"));
    if !app.identity.may_answer(client, answer_at) {
        let text = "The program is not known, or wants its answer sent where it may not go.";
        return Err(refusal(StatusCode::BAD_REQUEST, text));
    }
    if get("response_type") != "code" {
        return Err(answer(app, form, &[("error", "unsupported_response_type")]));
    }
    let proof = (get("code_challenge"), form.get("code_challenge_method"));
    let (scope, resource) = (form.get("scope"), form.get("resource"));
    let from = origin(get("device_label"), peer, headers);
    let asked = app.identity.browser_ask((client, answer_at), scope, resource, proof, from);
    asked.map_err(|error: SignInError| {
        let text = error.to_string();
        answer(app, form, &[("error", error.code()), ("error_description", &text)])
    })
}

fn panel(visitor: &Visitor, token: &str, form: &Form, asked: &BrowserAsk) -> Response {
    let body = html! {
        p { strong { (asked.client()) } " on this machine wants to be signed in as you." }
        p.warn { "Go on only if you began this yourself, on this machine." }
        p { "It could" }
        (scopes(asked.scopes()))
        form method="post" action=(api::AUTHORIZE) {
            (hidden("form", token))
            @for name in FIELDS {
                @if let Some(value) = form.get(name) { (hidden(name, value)) }
            }
            (hidden("device_label", form.get("device_label").unwrap_or_default()))
            (organisations(visitor))
            // The first button is what Enter presses.
            button name="decision" value="decline" autofocus { "Decline" }
            button name="decision" value="approve" { "Sign it in" }
        }
        (who(visitor, token))
    };
    let mut response = page(StatusCode::OK, "Sign this program in?", &body);
    // A browser holds against the form also where its answer sends it.
    let home = asked.answer_at().trim_end_matches("/callback");
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action 'self' {home}; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Sends the browser, and with it the answer, to the program.
fn answer(app: &App, form: &Form, said: &[(&str, &str)]) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(said);
    query.extend_pairs(form.get("state").map(|state| ("state", state)));
    query.append_pair("iss", &app.people.address);
    go(&format!("{}?{}", form.get("redirect_uri").unwrap_or_default(), query.finish()))
}
