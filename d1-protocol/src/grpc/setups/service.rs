//! The services of setups and devices: who asks, what, and the answer of whoever knows.
//!
//! 1. Whoever mounts them says, of the extensions of a request, as whom it is answered. Where
//!    nobody is known nothing is read.
//! 2. The request is read whole, within a size and a time.
//! 3. The message becomes words of ours, or a problem that says what is wrong with it.
//! 4. The answer, the problem, or one piece of news after the other, becomes bytes again.

use super::SetupsCall;
use crate::{
    WireError,
    api::{CancelRequest, CreateRequest, Devices, Purged, ResumeRequest, SetupList, SetupView},
    convert::FromWire,
    grpc::{
        body::{decoded, nobody, not_understood, told, unknown_call, whole},
        codec::Plain,
        refusal::CallRefusal,
        service::{BoxError, Later},
        status,
    },
    wire::api as wire,
};
use async_trait::async_trait;
use bytes::Bytes;
use d1_core::{Category, DeviceId, Problem, Progress, SetupId, StopMode};
use futures_util::{Stream, StreamExt as _};
use http::{Extensions, Request, Response};
use http_body::Body;
use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tonic::{Status, server::Grpc};
use tower_service::Service;

/// One piece of news after the other, until the setup is over or cannot be followed any more.
pub type News = Pin<Box<dyn Stream<Item = Result<Progress, CallRefusal>> + Send>>;

/// Who can do something with setups, as one person who asks.
#[async_trait]
pub trait SetupsApi: Send + Sync {
    /// Plans and keeps a setup; said again with the same key, it is done once.
    async fn create(
        &self,
        request: CreateRequest,
        key: Option<String>,
    ) -> Result<SetupView, CallRefusal>;
    /// One setup.
    async fn get(&self, id: SetupId) -> Result<SetupView, CallRefusal>;
    /// Setups, newest first, before this one.
    async fn list(&self, before: Option<SetupId>) -> Result<SetupList, CallRefusal>;
    /// Says yes.
    async fn approve(&self, id: SetupId) -> Result<SetupView, CallRefusal>;
    /// Stops it.
    async fn cancel(&self, id: SetupId, how: CancelRequest) -> Result<SetupView, CallRefusal>;
    /// Goes on with it.
    async fn resume(&self, id: SetupId, how: ResumeRequest) -> Result<SetupView, CallRefusal>;
    /// Takes back what it changed, by a setup of its own.
    async fn undo(&self, id: SetupId) -> Result<SetupView, CallRefusal>;
    /// Tells what happens after the piece of news of this number.
    async fn follow(&self, id: SetupId, after: u64) -> Result<News, CallRefusal>;
    /// The devices that are linked.
    async fn devices(&self) -> Result<Devices, CallRefusal>;
    /// Ends what waits for a device that is away.
    async fn purge(&self, device: DeviceId) -> Result<Purged, CallRefusal>;
}

/// As whom a request is answered; nobody when it is not known who asks.
pub type SetupsDoor = Arc<dyn Fn(&Extensions) -> Option<Arc<dyn SetupsApi>> + Send + Sync>;

/// The services `d1.api.v1.Setups` and `d1.api.v1.Devices`, for a server of HTTP/2 to mount.
pub fn setups_service<B>(
    door: SetupsDoor,
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
    SetupsService { door }
}

#[derive(Clone)]
struct SetupsService {
    door: SetupsDoor,
}

impl<B> Service<Request<B>> for SetupsService
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
        let asked = match (self.door)(request.extensions()) {
            Some(api) => SetupsCall::at(request.uri().path())
                .map(|call| Asked { api, call })
                .ok_or_else(unknown_call),
            None => Err(nobody()),
        };
        Box::pin(async move {
            let read = match asked {
                Ok(asked) => whole(request).await.map(|request| (asked, request)),
                Err(problem) => Err(problem),
            };
            Ok(match read {
                Ok((asked, request)) if asked.call == SetupsCall::Follow => {
                    Grpc::new(Plain).server_streaming(Followed(asked), request).await
                }
                Ok((asked, request)) => Grpc::new(Plain).unary(asked, request).await,
                Err(problem) => status::grpc_refusal(&problem),
            })
        })
    }
}

/// News as they go out.
type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;

/// One request on its way to whoever knows.
struct Asked {
    api: Arc<dyn SetupsApi>,
    call: SetupsCall,
}

impl Service<tonic::Request<Bytes>> for Asked {
    type Response = tonic::Response<Bytes>;
    type Error = Status;
    type Future = Later<Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let (api, call) = (Arc::clone(&self.api), self.call);
        Box::pin(async move {
            let answer = perform(&*api, call, request.into_inner()).await;
            answer.map(tonic::Response::new).map_err(|refusal| refusal.status())
        })
    }
}

/// The same for one that is answered by one piece of news after the other.
struct Followed(Asked);

impl Service<tonic::Request<Bytes>> for Followed {
    type Response = tonic::Response<Pieces>;
    type Error = Status;
    type Future = Later<Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let api = Arc::clone(&self.0.api);
        Box::pin(async move {
            let news = follow(&*api, request.into_inner()).await;
            let news = news.map_err(|refusal| refusal.status())?;
            let told = |piece: Result<_, CallRefusal>| piece.map(told).map_err(|it| it.status());
            Ok(tonic::Response::new(Box::pin(news.map(told)) as _))
        })
    }
}

async fn follow(api: &dyn SetupsApi, message: Bytes) -> Result<News, CallRefusal> {
    let asked: wire::FollowSetupRequest = decoded(message)?;
    api.follow(id(&asked.setup_id)?, asked.after).await
}

async fn perform(
    api: &dyn SetupsApi,
    call: SetupsCall,
    message: Bytes,
) -> Result<Bytes, CallRefusal> {
    match call {
        SetupsCall::Create => {
            let mut asked: wire::CreateSetupRequest = decoded(message)?;
            let key = asked.idempotency_key.take();
            api.create(CreateRequest::from_wire(asked).map_err(bad)?, key).await.map(told)
        }
        SetupsCall::Get => api.get(named(message)?).await.map(told),
        SetupsCall::List => {
            let asked: wire::ListSetupsRequest = decoded(message)?;
            let before = asked.cursor.as_deref().map(id).transpose()?;
            api.list(before).await.map(told)
        }
        SetupsCall::Approve => api.approve(named(message)?).await.map(told),
        SetupsCall::Cancel => {
            let asked: wire::CancelSetupRequest = decoded(message)?;
            let mode = StopMode::from_wire(asked.mode).map_err(bad)?;
            let how = CancelRequest { mode, write_off: asked.write_off };
            api.cancel(id(&asked.setup_id)?, how).await.map(told)
        }
        SetupsCall::Resume => {
            let asked: wire::ResumeSetupRequest = decoded(message)?;
            let how = ResumeRequest { force: asked.force };
            api.resume(id(&asked.setup_id)?, how).await.map(told)
        }
        SetupsCall::Undo => api.undo(named(message)?).await.map(told),
        SetupsCall::Devices => {
            decoded::<wire::ListDevicesRequest>(message)?;
            api.devices().await.map(told)
        }
        SetupsCall::Purge => {
            let asked: wire::PurgeRequest = decoded(message)?;
            let device = asked.device_id.parse();
            let device = device.map_err(|error: d1_core::IdError| {
                not_understood(format!("`device_id` names no device: {error}"))
            })?;
            api.purge(device).await.map(told)
        }
        // It is answered by news, one after the other.
        SetupsCall::Follow => Err(unknown_call().into()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
fn bad(error: WireError) -> Problem {
    not_understood(error.to_string())
}

fn named(message: Bytes) -> Result<SetupId, Problem> {
    id(&decoded::<wire::SetupRequest>(message)?.setup_id)
}

fn id(text: &str) -> Result<SetupId, Problem> {
    text.parse().map_err(|error: d1_core::IdError| {
        let title = format!("there is no setup `{}`", text.chars().take(64).collect::<String>());
        Problem::new("D1-SETUP-001", Category::Usage, title).because(error.to_string())
    })
}
