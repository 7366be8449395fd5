//! Answers of an authorization server, none of which is kept by anybody on the way.

use axum::{
    Json,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, PRAGMA, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use d1_core::Scopes;
use d1_orchestrator::{DeviceAnswer, SignInError, TokenAnswer};
use serde::Serialize;
use utoipa::ToSchema;

/// How long a program waits before it asks again while nobody can sign in.
const AGAIN_AFTER: u64 = 2;

/// Nobody on the way keeps it (RFC 6749 §5.1).
const UNKEPT: [(HeaderName, HeaderValue); 2] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (PRAGMA, HeaderValue::from_static("no-cache")),
];

/// Why a program gets nothing (RFC 6749 §5.2).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OAuthError {
    /// `authorization_pending`, `slow_down`, `invalid_grant` and the others of the RFCs.
    error: &'static str,
    /// The same for people.
    error_description: String,
    /// How many seconds to leave between two questions from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<u64>,
}

/// The codes of a sign-in that has begun (RFC 8628 §3.2).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeviceCodes<'a> {
    /// What the program asks for its tokens with.
    device_code: &'a str,
    /// What a person types.
    user_code: &'a str,
    /// Where they type it.
    verification_uri: &'a str,
    /// The same with the code in it.
    verification_uri_complete: String,
    /// For how many seconds both are good.
    expires_in: u64,
    /// How many seconds to leave between two questions.
    interval: u64,
}

/// Tokens (RFC 6749 §5.1).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Tokens<'a> {
    /// What to present: a JWT (RFC 9068).
    access_token: &'a str,
    /// `Bearer`
    token_type: &'static str,
    /// For how many seconds it is good.
    expires_in: u64,
    /// What it may do.
    scope: &'a Scopes,
    /// What gets the next ones, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
}

/// Why a program gets nothing, on its way out.
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
        let (error, error_description) = (self.code, ascii(&self.text));
        let body = OAuthError { error, error_description, interval: self.interval };
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
    let body = DeviceCodes {
        device_code,
        user_code,
        verification_uri: activate,
        verification_uri_complete: format!("{activate}?user_code={user_code}"),
        expires_in: *expires_in,
        interval: *interval,
    };
    (UNKEPT, Json(body)).into_response()
}

/// Tokens (RFC 6749 §5.1).
pub(super) fn tokens(answer: &TokenAnswer) -> Response {
    let body = Tokens {
        access_token: &answer.access_token,
        token_type: "Bearer",
        expires_in: answer.expires_in,
        scope: &answer.scopes,
        refresh_token: answer.refresh_token.as_deref(),
    };
    (UNKEPT, Json(body)).into_response()
}
