//! Answers of an authorization server, none of which is kept by anybody on the way.

use axum::{
    Json,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, PRAGMA, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use d1_orchestrator::{DeviceAnswer, SignInError, TokenAnswer};
use serde_json::json;

/// How long a program waits before it asks again while nobody can sign in.
const AGAIN_AFTER: u64 = 2;

/// Nobody on the way keeps it (RFC 6749 §5.1).
const UNKEPT: [(HeaderName, HeaderValue); 2] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (PRAGMA, HeaderValue::from_static("no-cache")),
];

/// Why a program gets nothing, as RFC 6749 §5.2 has it.
#[derive(Debug)]
pub(crate) struct OAuthRefusal {
    status: StatusCode,
    code: &'static str,
    text: String,
    interval: Option<u64>,
    fields: HeaderMap,
}

impl OAuthRefusal {
    fn new(status: StatusCode, code: &'static str, text: &str) -> Self {
        let (text, fields) = (text.to_owned(), HeaderMap::new());
        Self { status, code, text, interval: None, fields }
    }

    /// The body is not a form.
    pub(super) fn another_type() -> Self {
        let text = "the body is a form: application/x-www-form-urlencoded";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request", text)
    }

    /// The body is longer than any form.
    pub(super) fn too_long() -> Self {
        let text = "the body is longer than any form";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", text)
    }

    /// Too much is asked for in a time.
    pub(super) fn too_many(fields: HeaderMap) -> Self {
        let text = "this is too much in a time; ask again later";
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self { fields, ..Self::new(status, "temporarily_unavailable", text) }
    }
}

impl From<SignInError> for OAuthRefusal {
    fn from(error: SignInError) -> Self {
        let mut refusal = Self::new(status(&error), error.code(), &error.to_string());
        if let SignInError::SlowDown { interval } = error {
            refusal.interval = Some(interval);
        }
        if let SignInError::Unavailable(cause) = &error {
            tracing::warn!(%cause, "nobody can sign in");
            refusal.fields.insert(RETRY_AFTER, HeaderValue::from(AGAIN_AFTER));
        }
        refusal
    }
}

fn status(error: &SignInError) -> StatusCode {
    if matches!(error, SignInError::InvalidClient) {
        StatusCode::UNAUTHORIZED
    } else if matches!(error, SignInError::Unavailable(_)) {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::BAD_REQUEST
    }
}

impl IntoResponse for OAuthRefusal {
    fn into_response(self) -> Response {
        let mut body = json!({"error": self.code, "error_description": ascii(&self.text)});
        if let Some(interval) = self.interval {
            body["interval"] = interval.into();
        }
        (self.status, UNKEPT, self.fields, Json(body)).into_response()
    }
}

/// RFC 6749 §5.2 allows printable ASCII without `"` and `\` alone.
fn ascii(text: &str) -> String {
    let legal = |c: char| (' '..='~').contains(&c) && c != '"' && c != '\\';
    text.chars().map(|c| if legal(c) { c } else { '\'' }).collect()
}

/// The codes of a sign-in that has begun (RFC 8628 §3.2).
pub(super) fn codes(answer: &DeviceAnswer, activate: &str) -> Response {
    let DeviceAnswer { device_code, user_code, expires_in, interval } = answer;
    let body = json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": activate,
        "verification_uri_complete": format!("{activate}?user_code={user_code}"),
        "expires_in": expires_in,
        "interval": interval,
    });
    (UNKEPT, Json(body)).into_response()
}

/// Tokens (RFC 6749 §5.1).
pub(super) fn tokens(answer: &TokenAnswer) -> Response {
    let mut body = json!({
        "access_token": answer.access_token,
        "token_type": "Bearer",
        "expires_in": answer.expires_in,
        "scope": answer.scopes,
    });
    if let Some(token) = &answer.refresh_token {
        body["refresh_token"] = token.as_str().into();
    }
    (UNKEPT, Json(body)).into_response()
}
