//! A client of the service.

use super::{CreditsCall, codec::Plain, status};
use crate::{
    ClientError,
    api::{
        BalanceView, CapList, CapRequest, EntriesQuery, EntryList, GrantList, QuoteQuery, QuoteView,
    },
    client,
    convert::{FromWire, ToWire},
    wire::credits as wire,
};
use bytes::Bytes;
use d1_core::{CapScope, Category, Problem};
use http::{Uri, header::RETRY_AFTER, uri::PathAndQuery};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use prost::Message;
use std::{error::Error as _, fmt, time::Duration};
use tonic::{
    Code, Request, Status,
    client::Grpc,
    metadata::{Ascii, MetadataValue},
};

/// How long a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// How long a quote may take: planning asks the device, which may simulate for a while.
const QUOTE_WITHIN: Duration = Duration::from_secs(180);
/// The most bytes of an answer.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Asks about credits over gRPC; the answers are those of `ApiClient`.
#[derive(Clone)]
pub struct CreditsClient {
    http: Client<HttpConnector, tonic::body::Body>,
    origin: Uri,
    token: MetadataValue<Ascii>,
}

impl fmt::Debug for CreditsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreditsClient").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl CreditsClient {
    /// A client of the cloud at `address` (`http://127.0.0.1:7701`), presenting `token`. It
    /// connects when it is first asked.
    pub fn new(address: &str, token: &str) -> Result<Self, ClientError> {
        let mut url = client::local(address)?;
        url.set_path("/");
        let refused = |_| ClientError::Address(url.as_str().to_owned());
        let origin = url.as_str().parse().map_err(refused)?;
        let token: Result<MetadataValue<Ascii>, _> = format!("Bearer {token}").parse();
        let mut token = token.map_err(|_| ClientError::Token)?;
        token.set_sensitive(true);
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_WITHIN));
        // A call is a few small frames, and none should wait for the other side to nod.
        connector.set_nodelay(true);
        let http = Client::builder(TokioExecutor::new()).http2_only(true).build(connector);
        Ok(Self { http, origin, token })
    }

    /// How the account stands.
    pub async fn balance(&self) -> Result<BalanceView, ClientError> {
        self.ask(CreditsCall::Balance, &wire::BalanceRequest {}).await
    }

    /// A part of the account's history.
    pub async fn entries(&self, query: &EntriesQuery) -> Result<EntryList, ClientError> {
        self.ask(CreditsCall::Entries, &query.to_wire()).await
    }

    /// The grants of the account that are not used up, in the order in which they are spent.
    pub async fn grants(&self) -> Result<GrantList, ClientError> {
        self.ask(CreditsCall::Grants, &wire::GrantsRequest {}).await
    }

    /// What something would cost now; nothing is made, and nothing binds.
    pub async fn quote(&self, query: &QuoteQuery) -> Result<QuoteView, ClientError> {
        self.ask(CreditsCall::Quote, &query.to_wire()).await
    }

    /// What the account may spend at most.
    pub async fn caps(&self) -> Result<CapList, ClientError> {
        self.ask(CreditsCall::Caps, &wire::CapsRequest {}).await
    }

    /// Limits what the account may spend, and tells its limits.
    pub async fn set_cap(&self, scope: CapScope, cap: CapRequest) -> Result<CapList, ClientError> {
        let most_micro = Some(cap.most_micro);
        let request = wire::SetCapRequest { scope: scope.to_wire(), most_micro };
        self.ask(CreditsCall::SetCap, &request).await
    }

    /// Lifts a limit, and tells those that are left.
    pub async fn lift_cap(&self, scope: CapScope) -> Result<CapList, ClientError> {
        let request = wire::LiftCapRequest { scope: scope.to_wire() };
        self.ask(CreditsCall::LiftCap, &request).await
    }

    async fn ask<T>(&self, call: CreditsCall, message: &impl Message) -> Result<T, ClientError>
    where
        T: FromWire<Wire: Message + Default>,
    {
        let within = if call == CreditsCall::Quote { QUOTE_WITHIN } else { ANSWER_WITHIN };
        let mut request = Request::new(Bytes::from(message.encode_to_vec()));
        request.metadata_mut().insert("authorization", self.token.clone());
        // The server is told, too: what nobody waits for need not be worked out.
        request.set_timeout(within);
        let answer = tokio::time::timeout(within, self.send(call, request)).await;
        let answer = answer.map_err(|late| ClientError::Unreachable(Box::new(late)))?;
        let wire = T::Wire::decode(answer.map_err(|status| refused(&status))?);
        let wire = wire.map_err(|error| ClientError::Nonsense(Box::new(error)))?;
        T::from_wire(wire).map_err(|error| ClientError::Nonsense(Box::new(error)))
    }

    async fn send(&self, call: CreditsCall, request: Request<Bytes>) -> Result<Bytes, Status> {
        let grpc = Grpc::with_origin(self.http.clone(), self.origin.clone());
        let mut grpc = grpc.max_decoding_message_size(MAX_ANSWER_BYTES);
        grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
        let path = PathAndQuery::from_static(call.path());
        grpc.unary(request, path, Plain).await.map(tonic::Response::into_inner)
    }
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
