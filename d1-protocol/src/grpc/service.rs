//! The service: who asks, what, and the answer of whoever knows.
//!
//! 1. Whoever mounts it has looked at the token, and put the [`AccountId`] into the extensions
//!    of the request. Without one nothing is read.
//! 2. The request is read whole, within a size and a time.
//! 3. The message becomes words of ours, or a problem that says what is wrong with it.
//! 4. The answer, or the problem, becomes bytes again.

use super::{
    CreditsCall,
    body::{decoded, nobody, not_understood, told, unknown_call, whole},
    codec::Plain,
    refusal::CallRefusal,
    status,
};
use crate::{
    WireError,
    api::{
        BalanceView, CapList, CapRequest, EntriesQuery, EntryList, GrantList, QuoteQuery, QuoteView,
    },
    convert::FromWire,
    wire::api as wire,
};
use async_trait::async_trait;
use bytes::Bytes;
use d1_core::{AccountId, CapScope, Category, Problem};
use http::{Request, Response};
use http_body::Body;
use std::{
    convert::Infallible,
    error::Error,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tonic::{Status, server::Grpc};
use tower_service::Service;

/// What the service is called.
pub(super) const CREDITS: &str = "d1.api.v1.Credits";

pub(super) type BoxError = Box<dyn Error + Send + Sync>;
pub(super) type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Who knows about credits.
#[async_trait]
pub trait CreditsApi: Send + Sync + 'static {
    /// How the account stands.
    async fn balance(&self, account: AccountId) -> Result<BalanceView, CallRefusal>;
    /// A part of its history.
    async fn entries(
        &self,
        account: AccountId,
        query: EntriesQuery,
    ) -> Result<EntryList, CallRefusal>;
    /// Which of its grants are left.
    async fn grants(&self, account: AccountId) -> Result<GrantList, CallRefusal>;
    /// What something would cost now; nothing is made, and nothing binds.
    async fn quote(&self, account: AccountId, query: QuoteQuery) -> Result<QuoteView, CallRefusal>;
    /// What it may spend at most.
    async fn caps(&self, account: AccountId) -> Result<CapList, CallRefusal>;
    /// Sets a cap, or lifts it when there is none. Said twice, it is so once.
    async fn set_cap(
        &self,
        account: AccountId,
        scope: CapScope,
        cap: Option<CapRequest>,
    ) -> Result<CapList, CallRefusal>;
}

/// The service `d1.api.v1.Credits`, for a server of HTTP/2 to mount.
///
/// Who asks is the [`AccountId`] in the extensions of a request; without one nobody is answered.
pub fn credits_service<B>(
    api: Arc<dyn CreditsApi>,
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
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    CreditsService { api }
}

#[derive(Clone)]
struct CreditsService {
    api: Arc<dyn CreditsApi>,
}

impl<B> Service<Request<B>> for CreditsService
where
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Later<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let api = Arc::clone(&self.api);
        Box::pin(async move { Ok(answer(api, request).await) })
    }
}

async fn answer<B>(api: Arc<dyn CreditsApi>, request: Request<B>) -> Response<tonic::body::Body>
where
    B: Body<Data: Send, Error: Into<BoxError>> + Send,
{
    let begun = begin(api, &request);
    let read = match begun {
        Ok(asked) => whole(request).await.map(|request| (asked, request)),
        Err(problem) => Err(problem),
    };
    match read {
        Ok((asked, request)) => Grpc::new(Plain).unary(asked, request).await,
        Err(problem) => status::grpc_refusal(&problem),
    }
}

/// Who asks, and what; of the request only the head is looked at.
fn begin<B>(api: Arc<dyn CreditsApi>, request: &Request<B>) -> Result<Asked, Problem> {
    let account = request.extensions().get().copied().ok_or_else(nobody)?;
    let call = CreditsCall::at(request.uri().path()).ok_or_else(unknown_call)?;
    Ok(Asked { api, account, call })
}

/// One request on its way to whoever knows.
struct Asked {
    api: Arc<dyn CreditsApi>,
    account: AccountId,
    call: CreditsCall,
}

impl Service<tonic::Request<Bytes>> for Asked {
    type Response = tonic::Response<Bytes>;
    type Error = Status;
    type Future = Later<Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let Self { ref api, account, call } = *self;
        let api = Arc::clone(api);
        Box::pin(async move {
            let answer = perform(&*api, account, call, request.into_inner()).await;
            answer.map(tonic::Response::new).map_err(|refusal| refusal.status())
        })
    }
}

async fn perform(
    api: &dyn CreditsApi,
    account: AccountId,
    call: CreditsCall,
    message: Bytes,
) -> Result<Bytes, CallRefusal> {
    match call {
        CreditsCall::Balance => {
            decoded::<wire::BalanceRequest>(message)?;
            api.balance(account).await.map(told)
        }
        CreditsCall::Entries => {
            let query = EntriesQuery::from_wire(decoded(message)?);
            let query = query.map_err(|error| not_understood(error.to_string()))?;
            api.entries(account, query).await.map(told)
        }
        CreditsCall::Grants => {
            decoded::<wire::GrantsRequest>(message)?;
            api.grants(account).await.map(told)
        }
        CreditsCall::Quote => {
            let query = QuoteQuery::from_wire(decoded(message)?);
            let query = query.map_err(|error| not_understood(error.to_string()))?;
            api.quote(account, query).await.map(told)
        }
        CreditsCall::Caps => {
            decoded::<wire::CapsRequest>(message)?;
            api.caps(account).await.map(told)
        }
        CreditsCall::SetCap => {
            let asked: wire::SetCapRequest = decoded(message)?;
            let scope = scope(asked.scope)?;
            let missing = || not_understood("`most_micro` is missing, and nothing is not zero");
            let cap = CapRequest { most_micro: asked.most_micro.ok_or_else(missing)? };
            api.set_cap(account, scope, Some(cap)).await.map(told)
        }
        CreditsCall::LiftCap => {
            let asked: wire::LiftCapRequest = decoded(message)?;
            api.set_cap(account, scope(asked.scope)?, None).await.map(told)
        }
    }
}

fn scope(number: i32) -> Result<CapScope, Problem> {
    CapScope::from_wire(number).map_err(|error: WireError| {
        let text = error.to_string();
        let (why, remedy) = text.split_once("; ").unwrap_or((&text, ""));
        let title = format!("there is no cap of the number {number}");
        Problem::new("D1-API-003", Category::Usage, title)
            .because(why)
            .leaving("nothing was changed")
            .next(remedy)
    })
}
