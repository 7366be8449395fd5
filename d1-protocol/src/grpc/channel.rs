//! The way to a cloud over gRPC, and what its refusals mean.

use super::{codec::Plain, status};
use crate::{
    ClientError,
    client::{self, Patience},
    convert::FromWire,
};
use bytes::Bytes;
use d1_core::{Category, Problem};
use futures_util::{Stream, StreamExt as _};
use http::{Uri, header::RETRY_AFTER, uri::PathAndQuery};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use prost::Message;
use std::{error::Error as _, fmt, time::Duration};
use tokio::time::Instant;
use tonic::{
    Code, Request, Status,
    client::Grpc,
    metadata::{Ascii, MetadataValue},
};

/// How long a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// The most bytes of an answer.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// A cloud, asked with a token.
#[derive(Clone)]
pub(super) struct Channel {
    http: Client<HttpsConnector<HttpConnector>, tonic::body::Body>,
    origin: Uri,
    token: MetadataValue<Ascii>,
    patience: Patience,
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl Channel {
    /// The cloud at `address`, presenting `token`. It connects when it is first asked.
    pub(super) fn new(address: &str, token: &str) -> Result<Self, ClientError> {
        let mut url = client::private(address)?;
        let tls =
            client::towards(address).map_err(|error| ClientError::Unreachable(error.into()))?;
        url.set_path("/");
        let refused = |_| ClientError::Address(url.as_str().to_owned());
        let origin = url.as_str().parse().map_err(refused)?;
        let token: Result<MetadataValue<Ascii>, _> = format!("Bearer {token}").parse();
        let mut token = token.map_err(|_| ClientError::Token)?;
        token.set_sensitive(true);
        let mut http = HttpConnector::new();
        http.set_connect_timeout(Some(CONNECT_WITHIN));
        // A call is a few small frames, and none should wait for the other side to nod.
        http.set_nodelay(true);
        http.enforce_http(false);
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
        let connector = connector.enable_http2().wrap_connector(http);
        let http = Client::builder(TokioExecutor::new()).http2_only(true).build(connector);
        Ok(Self { http, origin, token, patience: Patience::default() })
    }

    /// The same, and it asks again when it is told when, for so long at most.
    pub(super) fn patient(self, most: Duration) -> Self {
        Self { patience: Patience::of(most), ..self }
    }

    /// Asks, and reads the one answer, for which there is so long; asks again as long as there
    /// is patience.
    pub(super) async fn ask<T>(
        &self,
        path: &'static str,
        message: &impl Message,
        within: Duration,
    ) -> Result<T, ClientError>
    where
        T: FromWire<Wire: Message + Default>,
    {
        let began = Instant::now();
        loop {
            let answer = self.ask_once(path, message, within).await;
            if !self.patience.waits(began, &answer).await {
                return answer;
            }
        }
    }

    async fn ask_once<T>(
        &self,
        path: &'static str,
        message: &impl Message,
        within: Duration,
    ) -> Result<T, ClientError>
    where
        T: FromWire<Wire: Message + Default>,
    {
        let mut request = self.request(message);
        // The server is told, too: what nobody waits for need not be worked out.
        request.set_timeout(within);
        let send = async {
            let mut grpc = self.grpc().await?;
            grpc.unary(request, PathAndQuery::from_static(path), Plain).await
        };
        let answer = tokio::time::timeout(within, send).await;
        let answer = answer.map_err(|late| ClientError::Unreachable(Box::new(late)))?;
        read(answer.map_err(|status| refused(&status))?.into_inner())
    }

    /// Asks, and reads one answer after the other. The first has so long to come; the rest come
    /// when there is something to tell.
    pub(super) async fn follow<T, M>(
        &self,
        path: &'static str,
        message: &M,
        within: Duration,
    ) -> Result<impl Stream<Item = Result<T, ClientError>> + Send + use<T, M>, ClientError>
    where
        T: FromWire<Wire: Message + Default>,
        M: Message,
    {
        let request = self.request(message);
        let send = async {
            let mut grpc = self.grpc().await?;
            grpc.server_streaming(request, PathAndQuery::from_static(path), Plain).await
        };
        let answer = tokio::time::timeout(within, send).await;
        let answer = answer.map_err(|late| ClientError::Unreachable(Box::new(late)))?;
        let news = answer.map_err(|status| refused(&status))?.into_inner();
        Ok(news.map(|piece| piece.map_err(|status| refused(&status)).and_then(read)))
    }

    fn request(&self, message: &impl Message) -> Request<Bytes> {
        let mut request = Request::new(Bytes::from(message.encode_to_vec()));
        request.metadata_mut().insert("authorization", self.token.clone());
        request
    }

    async fn grpc(
        &self,
    ) -> Result<Grpc<Client<HttpsConnector<HttpConnector>, tonic::body::Body>>, Status> {
        let grpc = Grpc::with_origin(self.http.clone(), self.origin.clone());
        let mut grpc = grpc.max_decoding_message_size(MAX_ANSWER_BYTES);
        grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
        Ok(grpc)
    }
}

fn read<T>(answer: Bytes) -> Result<T, ClientError>
where
    T: FromWire<Wire: Message + Default>,
{
    let wire = T::Wire::decode(answer);
    let wire = wire.map_err(|error| ClientError::Nonsense(Box::new(error)))?;
    T::from_wire(wire).map_err(|error| ClientError::Nonsense(Box::new(error)))
}
/// Why there is no answer: the cloud's problem, or what happened on the way.
fn refused(status: &Status) -> ClientError {
    if let Some(problem) = status::problem(status) {
        let problem = Box::new(problem);
        return match retry_after(status) {
            Some(retry_after) => ClientError::Limited { problem, retry_after },
            None => ClientError::Refused(problem),
        };
    }
    if status.source().is_some() {
        return ClientError::Unreachable(causes(status).into());
    }
    // What cannot be read is told like this by our own side of the wire.
    let code = status.code();
    if matches!(code, Code::Internal | Code::OutOfRange | Code::Unknown | Code::DataLoss) {
        return ClientError::Nonsense(status.message().into());
    }
    let title = format!("the cloud answered `{code:?}`");
    let problem = Problem::new("D1-NET-004", Category::Network, title).because(status.message());
    ClientError::Refused(Box::new(problem))
}

/// When to ask again: whole seconds, and only where waiting helps.
fn retry_after(status: &Status) -> Option<Duration> {
    if !matches!(status.code(), Code::ResourceExhausted | Code::Unavailable) {
        return None;
    }
    let seconds = status.metadata().get(RETRY_AFTER.as_str())?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

/// What happened, and why.
fn causes(status: &Status) -> String {
    let mut cause = status.source();
    let mut told = Vec::new();
    while let Some(error) = cause {
        told.push(error.to_string());
        cause = error.source();
    }
    told.join(": ")
}
