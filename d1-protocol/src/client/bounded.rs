//! One question to a server of somebody else's, as sign-ins ask it.

use super::{error::deepest, tls};
use std::time::Duration;

/// How long a connection, and then an answer, may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// The most bytes of an answer.
const MAX_BODY: usize = 256 * 1024;

/// Why a server could not be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BoundedHttpError {
    /// The connection.
    #[error("{}", deepest(.0))]
    Http(reqwest::Error),
    /// This system cannot speak TLS.
    #[error(transparent)]
    Tls(rustls::Error),
    /// Its answer is longer than any.
    #[error("its answer is longer than any such answer")]
    TooLong,
    /// Its answer cannot be passed on.
    #[error(transparent)]
    Nonsense(http::Error),
}

/// Asks a server within bounds: 10 s to connect, 30 s to answer, 256 KiB. It follows nobody
/// elsewhere, where the secrets of a request could be sent, and uses no proxy. Cheap to clone.
#[derive(Clone, Debug)]
pub struct BoundedHttp(reqwest::Client);

impl BoundedHttp {
    /// One without connections, for the server at this address; over TLS it is known by the
    /// authorities that this system trusts.
    pub fn towards(address: &str) -> Result<Self, BoundedHttpError> {
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::towards(address).map_err(BoundedHttpError::Tls)?)
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        builder.build().map(Self).map_err(BoundedHttpError::Http)
    }

    /// Asks once.
    pub async fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, BoundedHttpError> {
        let request = reqwest::Request::try_from(request).map_err(BoundedHttpError::Http)?;
        let mut answer = self.0.execute(request).await.map_err(BoundedHttpError::Http)?;
        let mut response = http::Response::builder().status(answer.status());
        if let Some(fields) = response.headers_mut() {
            *fields = answer.headers().clone();
        }
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(BoundedHttpError::Http)? {
            if body.len() + piece.len() > MAX_BODY {
                return Err(BoundedHttpError::TooLong);
            }
            body.extend_from_slice(&piece);
        }
        response.body(body).map_err(BoundedHttpError::Nonsense)
    }
}
