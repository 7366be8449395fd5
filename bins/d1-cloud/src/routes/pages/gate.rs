//! What every page goes through: on its way in, that no other site sends a form in somebody's
//! name; on its way out, that nothing foreign runs on it, frames it, or keeps it.

use super::{cookie, html};
use crate::compose::App;
use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, ORIGIN, REFERRER_POLICY,
            STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use d1_orchestrator::Visitor;

/// Where a request comes from, as the browser itself says (Fetch Metadata).
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What a page may do: nothing but send a form home, and look as we say.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// Lets a page through.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = if changes && is_foreign(request.headers(), &app.people.address) {
        html::refusal(StatusCode::FORBIDDEN, "This form was sent from another site.")
    } else {
        next.run(request).await
    };
    let fields = response.headers_mut();
    let mut say = |name: HeaderName, value: &'static str| {
        fields.entry(name).or_insert(HeaderValue::from_static(value));
    };
    say(CONTENT_SECURITY_POLICY, POLICY);
    say(X_FRAME_OPTIONS, "DENY");
    say(X_CONTENT_TYPE_OPTIONS, "nosniff");
    // With no referrer at all, browsers would not say where a form comes from, either.
    say(REFERRER_POLICY, "same-origin");
    say(CACHE_CONTROL, "no-store");
    say(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    say(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if app.people.address.starts_with("https://") {
        say(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    response
}

/// Whether a browser says that another site sends this.
fn is_foreign(headers: &HeaderMap, ours: &str) -> bool {
    let another = |name: &HeaderName, ours: &str| {
        headers.get_all(name).iter().any(|value| value.as_bytes() != ours.as_bytes())
    };
    another(&SITE, "same-origin") || another(&ORIGIN, ours)
}

/// A form that is ours, and whose browser it is from: signed in, or not.
pub(super) fn is_our_form(app: &App, headers: &HeaderMap, token: Option<&str>) -> bool {
    let kept = cookie::kept(headers, cookie::VISIT).or_else(|| cookie::kept(headers, cookie::FORM));
    kept.zip(token).is_some_and(|(kept, token)| app.identity.is_our_form(kept, token))
}

/// Who is signed in, and what their forms have in them; otherwise what to answer.
pub(super) async fn signed_in(
    app: &App,
    headers: &HeaderMap,
    next: &str,
) -> Result<(Visitor, String), Response> {
    let kept = cookie::kept(headers, cookie::VISIT).unwrap_or_default();
    match app.identity.visitor(kept).await {
        Ok(Some(visitor)) => Ok((visitor, app.identity.form_token(kept).unwrap_or_default())),
        Ok(None) => Err(super::sign_in::first(next)),
        Err(error) => {
            tracing::warn!(%error, "nobody can sign in");
            Err(unavailable())
        }
    }
}

/// What it takes to say who somebody is, is not there.
pub(super) fn unavailable() -> Response {
    let text = "Nobody can sign in at this moment. Try again in a few seconds.";
    let mut response = html::refusal(StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    response.headers_mut().insert("retry-after", HeaderValue::from_static("2"));
    response
}
