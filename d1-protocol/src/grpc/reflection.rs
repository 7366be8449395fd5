//! Which services and messages there are, for programs that bring no `.proto` files
//! (`grpc.reflection.v1`). The link language is not among them: it is not asked over gRPC.

use super::service::BoxError;
use crate::wire::API_DESCRIPTORS;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use std::convert::Infallible;
use tonic_reflection::server::Builder;
use tower_service::Service;

/// The service `grpc.reflection.v1.ServerReflection`, for a server of HTTP/2 to mount.
///
/// An error is a mistake of ours: what was compiled cannot be read.
pub fn reflection_service<B>() -> Result<
    impl Service<
        Request<B>,
        Response = Response<impl Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static>,
        Error = Infallible,
        Future: Send + 'static,
    > + Clone
    + Send
    + Sync
    + 'static,
    BoxError,
>
where
    B: Body<Data: Send, Error: Into<BoxError> + Send> + Send + 'static,
{
    let descriptors = Builder::configure()
        .register_encoded_file_descriptor_set(API_DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET);
    Ok(descriptors.build_v1()?)
}
