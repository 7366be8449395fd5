//! How the other provider is asked.

use d1_orchestrator::{UpstreamHttp, UpstreamHttpError};
use d1_protocol::BoundedHttp;

/// Asks over HTTP, within bounds.
#[derive(Debug)]
pub(super) struct Asker(pub(super) BoundedHttp);

#[async_trait::async_trait]
impl UpstreamHttp for Asker {
    async fn send(
        &self,
        request: ::http::Request<Vec<u8>>,
    ) -> Result<::http::Response<Vec<u8>>, UpstreamHttpError> {
        self.0.send(request).await.map_err(|error| UpstreamHttpError(error.into()))
    }
}
