//! Somebody who answers about setups as told, and notes what they were asked.

use async_trait::async_trait;
use axum::{Router, routing::post_service};
use d1_core::{DeviceId, Progress, SetupId, Supervisor};
use d1_protocol::{
    CallRefusal, News, SetupsApi, SetupsClient, SetupsDoor,
    api::{
        self, CancelRequest, CreateRequest, Devices, Purged, ResumeRequest, SetupList, SetupView,
    },
    setups_service,
};
use futures_util::stream;
use std::sync::{Arc, Mutex};

/// What was asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Asked {
    Create(CreateRequest, Option<String>),
    Get(SetupId),
    List(Option<SetupId>),
    Approve(SetupId),
    Cancel(SetupId, CancelRequest),
    Resume(SetupId, ResumeRequest),
    Undo(SetupId),
    Follow(SetupId, u64),
    Devices,
    Purge(DeviceId),
}

/// What is answered to everybody.
#[derive(Clone, Debug)]
pub(crate) struct Answers {
    pub(crate) setup: SetupView,
    pub(crate) devices: Devices,
    pub(crate) news: Vec<Result<Progress, CallRefusal>>,
}

/// Answers as told, and notes what they were asked.
#[derive(Debug, Default)]
pub(crate) struct Clerk {
    pub(crate) answers: Mutex<Option<Result<Answers, CallRefusal>>>,
    pub(crate) asked: Mutex<Vec<Asked>>,
}

impl Clerk {
    fn hears(&self, asked: Asked) -> Result<Answers, CallRefusal> {
        self.asked.lock().unwrap().push(asked);
        self.answers.lock().unwrap().clone().expect("an answer was agreed on")
    }

    fn setup(&self, asked: Asked) -> Result<SetupView, CallRefusal> {
        self.hears(asked).map(|answers| answers.setup)
    }
}

#[async_trait]
impl SetupsApi for Clerk {
    async fn create(
        &self,
        it: CreateRequest,
        key: Option<String>,
    ) -> Result<SetupView, CallRefusal> {
        self.setup(Asked::Create(it, key))
    }
    async fn get(&self, id: SetupId) -> Result<SetupView, CallRefusal> {
        self.setup(Asked::Get(id))
    }
    async fn list(&self, before: Option<SetupId>) -> Result<SetupList, CallRefusal> {
        let setup = self.setup(Asked::List(before))?;
        Ok(listed(&setup))
    }
    async fn approve(&self, id: SetupId) -> Result<SetupView, CallRefusal> {
        self.setup(Asked::Approve(id))
    }
    async fn cancel(&self, id: SetupId, how: CancelRequest) -> Result<SetupView, CallRefusal> {
        self.setup(Asked::Cancel(id, how))
    }
    async fn resume(&self, id: SetupId, how: ResumeRequest) -> Result<SetupView, CallRefusal> {
        self.setup(Asked::Resume(id, how))
    }
    async fn undo(&self, id: SetupId) -> Result<SetupView, CallRefusal> {
        self.setup(Asked::Undo(id))
    }
    async fn follow(&self, id: SetupId, after: u64) -> Result<News, CallRefusal> {
        let news = self.hears(Asked::Follow(id, after))?.news;
        Ok(Box::pin(stream::iter(news)))
    }
    async fn devices(&self) -> Result<Devices, CallRefusal> {
        self.hears(Asked::Devices).map(|answers| answers.devices)
    }
    async fn purge(&self, device: DeviceId) -> Result<Purged, CallRefusal> {
        self.setup(Asked::Purge(device)).map(|setup| purged(&setup))
    }
}

pub(crate) fn purged(setup: &SetupView) -> Purged {
    Purged { schema: Purged::SCHEMA.to_owned(), setups: vec![setup.id] }
}

pub(crate) fn listed(setup: &SetupView) -> SetupList {
    let cursor = Some(setup.id);
    SetupList { schema: SetupList::SCHEMA.to_owned(), setups: vec![setup.clone()], cursor }
}

/// A clerk, and a client who reaches them over a socket.
pub(crate) async fn clerk_and_client() -> (Arc<Clerk>, SetupsClient) {
    let clerk = Arc::new(Clerk::default());
    let known = Arc::clone(&clerk);
    let door = Arc::new(move |_: &_| Some(Arc::clone(&known) as Arc<dyn SetupsApi>));
    (clerk, serve(setups_router(door)).await)
}

pub(crate) fn setups_router(door: SetupsDoor) -> Router {
    let service = setups_service(door);
    Router::new()
        .route(api::SETUPS_CALL, post_service(service.clone()))
        .route(api::DEVICES_CALL, post_service(service))
}

pub(crate) async fn serve(router: Router) -> SetupsClient {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    Supervisor::default().run("server", async move {
        axum::serve(listener, router).await.unwrap();
    });
    SetupsClient::new(&base, "a-token").unwrap()
}
