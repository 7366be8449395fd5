//! Whether a server can work, as proxies of gRPC ask it (`grpc.health.v1`).

use super::{
    service::{BoxError, CREDITS},
    setups::{DEVICES, SETUPS},
};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use std::{convert::Infallible, pin::Pin, sync::Arc};
use tonic::Status;
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_check_response::ServingStatus,
    health_server::{Health, HealthServer},
};
use tower_service::Service;

/// Who knows whether the server can work.
#[async_trait]
pub trait ReadyApi: Send + Sync + 'static {
    /// Whether it can work, and takes new things on.
    async fn is_ready(&self) -> bool;
}

/// The service `grpc.health.v1.Health`, for a server of HTTP/2 to mount.
///
/// The server as a whole and each service of it are as ready as it is. Watching is not offered:
/// whoever wants to know asks again, and nothing is kept for them meanwhile.
pub fn health_service<B>(
    api: Arc<dyn ReadyApi>,
) -> impl Service<
    Request<B>,
    Response = Response<impl Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static>,
    Error = Infallible,
    Future: Send + 'static,
> + Clone
+ Send
+ Sync
+ 'static
where
    B: Body<Data: Send, Error: Into<BoxError> + Send> + Send + 'static,
{
    HealthServer::new(Answerer { api })
}

struct Answerer {
    api: Arc<dyn ReadyApi>,
}

type Changes =
    Pin<Box<dyn futures_util::Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

#[async_trait]
impl Health for Answerer {
    async fn check(
        &self,
        request: tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<HealthCheckResponse>, Status> {
        let service = request.into_inner().service;
        if !["", CREDITS, SETUPS, DEVICES].contains(&service.as_str()) {
            return Err(Status::not_found("there is no such service here"));
        }
        let ready = self.api.is_ready().await;
        let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
        Ok(tonic::Response::new(HealthCheckResponse { status: status.into() }))
    }

    type WatchStream = Changes;

    async fn watch(
        &self,
        _request: tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<Changes>, Status> {
        Err(Status::unimplemented("nothing is watched here; ask again instead"))
    }
}
