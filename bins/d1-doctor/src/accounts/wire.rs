//! How the authorization server is asked: without following it elsewhere, and no more of its
//! answer is read than any answer has.

use oauth2::{HttpRequest, HttpResponse};
use std::time::Duration;

/// How long a connection, and then an answer, may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// The most bytes of an answer.
const MAX_BODY: usize = 64 * 1024;

/// Why it could not be asked.
#[derive(Debug)]
pub(super) enum WireError {
    /// The connection.
    Http(reqwest::Error),
    /// Its answer is longer than any.
    TooLong,
    /// Its answer cannot be passed on.
    Nonsense(http::Error),
}

impl std::fmt::Display for WireError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Http(error) => error.fmt(f),
            Self::TooLong => f.write_str("its answer is longer than any such answer"),
            Self::Nonsense(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for WireError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Http(error) => error.source(),
            Self::TooLong | Self::Nonsense(_) => None,
        }
    }
}

/// What asks. A server that sends a program elsewhere could have its secrets sent there.
pub(super) fn client() -> Result<reqwest::Client, WireError> {
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_WITHIN)
        .timeout(ANSWER_WITHIN)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy();
    builder.build().map_err(WireError::Http)
}

/// Asks.
pub(super) async fn send(
    client: reqwest::Client,
    request: HttpRequest,
) -> Result<HttpResponse, WireError> {
    let request = reqwest::Request::try_from(request).map_err(WireError::Http)?;
    let mut answer = client.execute(request).await.map_err(WireError::Http)?;
    let mut response = http::Response::builder().status(answer.status());
    if let Some(fields) = response.headers_mut() {
        *fields = answer.headers().clone();
    }
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(WireError::Http)? {
        if body.len() + piece.len() > MAX_BODY {
            return Err(WireError::TooLong);
        }
        body.extend_from_slice(&piece);
    }
    response.body(body).map_err(WireError::Nonsense)
}
