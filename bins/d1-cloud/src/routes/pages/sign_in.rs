//! Signing in and out. A name that nobody has and a wrong password look the same.

use super::{
    super::auth::Form,
    cookie,
    gate::{is_our_form, unavailable},
    html::{hidden, page, refusal},
};
use crate::compose::App;
use axum::{
    extract::{ConnectInfo, RawQuery, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{LOCATION, SET_COOKIE},
    },
    response::{IntoResponse as _, Response},
};
use d1_protocol::api;
use maud::html;
use std::net::SocketAddr;

/// Sends somebody to sign in, and back to where they were.
pub(super) fn first(next: &str) -> Response {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    go(&format!("{}?{query}", api::SIGN_IN))
}

/// The form.
pub(super) async fn ask(
    State(app): State<App>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Form::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    form(&app, &headers, StatusCode::OK, safe(query.get("next").unwrap_or_default()), None)
}

/// Signs somebody in, under a new name for their browser, and sends them where they were.
pub(super) async fn sign_in(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    form_data: Form,
) -> Response {
    let next = safe(form_data.get("next").unwrap_or_default());
    if !is_our_form(&app, &headers, form_data.get("form")) {
        let text = "This form is too old, or was made for another browser.";
        return form(&app, &headers, StatusCode::FORBIDDEN, next, Some(text));
    }
    let name = form_data.get("name").unwrap_or_default();
    if app.limits.sign_in(peer.ip(), name).await.is_err() {
        let text = "Too many have tried to sign in. Try again in a few minutes.";
        return form(&app, &headers, StatusCode::TOO_MANY_REQUESTS, next, Some(text));
    }
    match app.identity.sign_in(name, form_data.get("password").unwrap_or_default()).await {
        Ok(Some(kept)) => {
            let mut response = go(next);
            response.headers_mut().append(SET_COOKIE, cookie::keep(cookie::VISIT, &kept));
            response.headers_mut().append(SET_COOKIE, cookie::forget(cookie::FORM));
            response
        }
        Ok(None) => {
            let text = "There is nobody with this name and this password.";
            form(&app, &headers, StatusCode::UNAUTHORIZED, next, Some(text))
        }
        Err(error) => {
            tracing::warn!(%error, "nobody can sign in");
            unavailable()
        }
    }
}

/// Signs somebody out of the pages.
pub(super) async fn sign_out(State(app): State<App>, headers: HeaderMap, form: Form) -> Response {
    if !is_our_form(&app, &headers, form.get("form")) {
        return refusal(StatusCode::FORBIDDEN, "This form was made for another browser.");
    }
    let kept = cookie::kept(&headers, cookie::VISIT).unwrap_or_default();
    if app.identity.sign_out(kept).await.is_err() {
        return unavailable();
    }
    let mut response = go(api::SIGN_IN);
    response.headers_mut().append(SET_COOKIE, cookie::forget(cookie::VISIT));
    response
}

fn elsewhere(next: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("{}?{query}", api::SIGN_IN_ELSEWHERE)
}

fn form(
    app: &App,
    headers: &HeaderMap,
    status: StatusCode,
    next: &str,
    trouble: Option<&str>,
) -> Response {
    let kept =
        cookie::kept(headers, cookie::FORM).filter(|kept| app.identity.form_token(kept).is_some());
    let (kept, is_new) = match kept {
        Some(kept) => (kept.to_owned(), false),
        None => match app.identity.new_form_secret() {
            Ok(kept) => (kept, true),
            Err(_no_random) => return unavailable(),
        },
    };
    let token = app.identity.form_token(&kept).unwrap_or_default();
    let body = html! {
        @if let Some(trouble) = trouble { p.warn role="alert" { (trouble) } }
        form method="post" action=(api::SIGN_IN) {
            (hidden("form", &token))
            (hidden("next", next))
            label for="name" { "Name" }
            input id="name" name="name" autocomplete="username" required autofocus;
            label for="password" { "Password" }
            input id="password" name="password" type="password" autocomplete="current-password" required;
            button { "Sign in" }
        }
        @if let Some(provider) = &app.people.provider {
            p { a href=(elsewhere(next)) { "Sign in with " (provider.label) } }
        }
    };
    let mut response = page(status, "Sign in", &body);
    if is_new {
        response.headers_mut().append(SET_COOKIE, cookie::keep(cookie::FORM, &kept));
    }
    // A visit that is over must not stand before the new form.
    if cookie::kept(headers, cookie::VISIT).is_some() {
        response.headers_mut().append(SET_COOKIE, cookie::forget(cookie::VISIT));
    }
    response
}

/// Only pages of ours: an address from outside could lead anywhere.
pub(super) fn safe(next: &str) -> &str {
    let plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let ours = next == api::ACTIVATE
        || [api::ACTIVATE, api::AUTHORIZE]
            .iter()
            .any(|page| next.strip_prefix(page).is_some_and(|rest| rest.starts_with('?')));
    if plain && ours { next } else { api::ACTIVATE }
}

/// Sends the browser elsewhere, with a GET (RFC 9110 §15.4.4).
pub(super) fn go(to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(to) => (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response(),
        Err(_not_an_address) => StatusCode::BAD_REQUEST.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_a_page_of_somebody_else() {
        for good in ["/activate", "/activate?user_code=BCDF-GHJK", "/authorize?client_id=d1-cli"] {
            assert_eq!(safe(good), good);
        }
        for bad in [
            "//evil.example",
            "/\\evil.example",
            "/%2f%2fevil.example",
            "https://evil.example/activate",
            "javascript:alert(1)",
            "/activate/../evil",
            "/activate@evil.example",
            "/authorizeevil?x",
            "/activate?\r\nset-cookie: a=b",
            "/authorize?\\",
            "",
        ] {
            assert_eq!(safe(bad), "/activate", "{bad}");
        }
    }
}
