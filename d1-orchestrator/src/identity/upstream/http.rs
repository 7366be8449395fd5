//! How the other provider is asked. Which way is not for this library to say.

use futures_util::future::BoxFuture;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use std::{error::Error, fmt, sync::Arc};

/// Why the other provider could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("the provider of identities could not be asked")]
pub struct UpstreamHttpError(#[source] pub Box<dyn Error + Send + Sync>);

/// Asks the other provider.
///
/// An implementation bounds how long it takes and how much of an answer it reads, and follows
/// no redirection: secrets could be sent elsewhere.
#[async_trait::async_trait]
pub trait UpstreamHttp: fmt::Debug + Send + Sync {
    /// Sends one request.
    async fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, UpstreamHttpError>;
}

/// The same, as the library of OpenID Connect asks.
#[derive(Clone, Debug)]
pub(super) struct Asker(pub(super) Arc<dyn UpstreamHttp>);

impl<'c> AsyncHttpClient<'c> for Asker {
    type Error = UpstreamHttpError;
    type Future = BoxFuture<'c, Result<HttpResponse, UpstreamHttpError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        self.0.send(request)
    }
}
